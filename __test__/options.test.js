'use strict';

/**
 * Every option and every environment variable: the first and last values that are accepted, the ones
 * next to them that are refused, and messages that name option, value and what is accepted.
 */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const leakguard = require('..');
const { ENVIRONMENT, readOptions } = require('../lib/options');
const { temporaryFolder } = require('./child');

leakguard.stop();

const HOUR_MS = 3_600_000;
const LARGEST_32_BIT = 2 ** 32 - 1;
const always = () => true;

/**
 * @typedef {object} Row
 * @property {string} option
 * @property {string} [env]
 * @property {[given: unknown, read: unknown][]} accepted
 * @property {unknown[]} refused
 * @property {[text: string, read: unknown][]} [envAccepted]
 * @property {string[]} [envRefused]
 * @property {RegExp} accepts  what the message says is accepted
 */
/** @type {Row[]} */
const ROWS = [
  {
    option: 'level',
    env: 'LEAKGUARD_LEVEL',
    accepted: ['off', 'counts', 'sites', 'survivors', 'exact'].map((level) => [level, level]),
    refused: ['', 'Sites', 'all', ' sites', 0, true, null, {}, ['sites']],
    envAccepted: [
      ['off', 'off'],
      ['exact', 'exact'],
    ],
    envRefused: ['OFF', 'everything', '1'],
    accepts: /off, counts, sites, survivors, exact/,
  },
  {
    option: 'interval',
    env: 'LEAKGUARD_INTERVAL',
    accepted: [
      [10, 10],
      ['10ms', 10],
      ['10', 10],
      ['0.01s', 10],
      ['250ms', 250],
      ['1s', 1000],
      ['1.5s', 1500],
      ['5m', 300_000],
      ['1h', HOUR_MS],
      ['60m', HOUR_MS],
      [' 1s ', 1000],
      ['1 s', 1000],
      [HOUR_MS, HOUR_MS],
    ],
    refused: [
      9,
      9.99,
      HOUR_MS + 1,
      0,
      -1,
      -1000,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      1e300,
      '9ms',
      '61m',
      '2h',
      '-1s',
      '1d',
      '1 sec',
      'soon',
      '',
      '1e3',
      '0x10',
      's',
      null,
      true,
      {},
      [],
      10n,
    ],
    envAccepted: [
      ['10ms', 10],
      ['1h', HOUR_MS],
      ['500', 500],
    ],
    envRefused: ['9ms', '3600001', 'soon', '-5s'],
    accepts: /10ms to 1h.*'250ms', '1s', '5m'/,
  },
  {
    option: 'patience',
    env: 'LEAKGUARD_PATIENCE',
    accepted: [
      [10, 10],
      [60, 60],
      [100_000, 100_000],
      ['10', 10],
    ],
    refused: [
      9,
      100_001,
      0,
      -10,
      10.5,
      Number.NaN,
      1e300,
      '9',
      'long',
      '',
      ' ',
      null,
      true,
      {},
      '1m',
    ],
    envAccepted: [
      ['10', 10],
      ['100000', 100_000],
    ],
    envRefused: ['9', '100001', 'long', '1m', '10.5'],
    accepts: /10 to 100000/,
  },
  {
    option: 'sensitivity',
    env: 'LEAKGUARD_SENSITIVITY',
    accepted: ['low', 'normal', 'high'].map((sensitivity) => [sensitivity, sensitivity]),
    refused: ['', 'medium', 'HIGH', 1, null, true, {}, 'toString', '__proto__'],
    envAccepted: [
      ['low', 'low'],
      ['high', 'high'],
    ],
    envRefused: ['medium', '__proto__'],
    accepts: /low, normal, high/,
  },
  {
    option: 'survivors',
    env: 'LEAKGUARD_SURVIVORS',
    accepted: [
      // Rounds that are closer than a minute need closer samples; a distance that is given stays.
      ['10ms', { interval: 10, bytes: 256 }],
      [HOUR_MS, { interval: HOUR_MS, bytes: 32_768 }],
      [{}, { interval: 60_000, bytes: 32_768 }],
      [{ interval: '30s' }, { interval: 30_000, bytes: 16_384 }],
      [{ bytes: 1024 }, { interval: 60_000, bytes: 1024 }],
      [{ bytes: 2 ** 30 }, { interval: 60_000, bytes: 2 ** 30 }],
      [
        { interval: '1m', bytes: 65_536 },
        { interval: 60_000, bytes: 65_536 },
      ],
    ],
    refused: [
      '9ms',
      '2h',
      'often',
      null,
      true,
      { bytes: 1023 },
      { bytes: 2 ** 30 + 1 },
      { bytes: 1.5 },
      { interval: '9ms' },
      { interwal: '1s' },
      { interval: '1s', rounds: 3 },
    ],
    envAccepted: [
      ['10ms', { interval: 10, bytes: 256 }],
      ['1h', { interval: HOUR_MS, bytes: 32_768 }],
    ],
    envRefused: ['9ms', '2h', 'often'],
    accepts: /10ms to 1h.*1024 to 2\^30/,
  },
  {
    option: 'ignore',
    env: 'LEAKGUARD_IGNORE',
    accepted: [
      [[], []],
      [['express', /router/, always, { package: 'pg', kind: /timers/ }], undefined],
      ['express', undefined],
    ],
    refused: [
      /router/,
      always,
      null,
      {},
      [''],
      [5],
      [null],
      ['express', undefined],
      [{ pkg: 'a' }],
    ],
    envAccepted: [[',', []]],
    envRefused: ['kind:timer', 'express, signature:4711'],
    accepts: /accepted is (an array of rules|a text|package, path|listeners|16 hex digits)/,
  },
  {
    option: 'baseline',
    env: 'LEAKGUARD_BASELINE',
    accepted: [
      [null, null],
      ['baseline.json', path.resolve('baseline.json')],
    ],
    refused: ['', 5, true, {}, []],
    envAccepted: [['baseline.json', path.resolve('baseline.json')]],
    accepts: /a file that leakguard run --update-baseline has written/,
  },
  {
    option: 'floors',
    accepted: [
      [{}, undefined],
      [{ listeners: 1 }, undefined],
      [{ heapBytes: LARGEST_32_BIT }, undefined],
    ],
    refused: [
      null,
      5,
      'listeners',
      { listeners: 0 },
      { listeners: -1 },
      { listeners: 1.5 },
      { listeners: LARGEST_32_BIT + 1 },
      { listeners: Number.NaN },
      { listeners: null },
      { listners: 5 },
      { toString: 5 },
      { listeners: 'many' },
      ['listeners'],
      [],
    ],
    accepts:
      /listeners, intervals, timeouts, collections, handles, globals, promises, watched, heapBytes/,
  },
  {
    option: 'warn',
    env: 'LEAKGUARD_WARN',
    accepted: [
      [true, true],
      [false, false],
    ],
    refused: ['yes', '', 1, 0, 2, null, {}],
    envAccepted: [
      ['1', true],
      ['0', false],
      ['true', true],
      ['false', false],
    ],
    envRefused: ['yes', 'off', '2'],
    accepts: /true or false/,
  },
  {
    option: 'captures',
    env: 'LEAKGUARD_CAPTURES',
    accepted: [
      [0, 0],
      [24, 24],
    ],
    refused: [-1, 25, 1.5, 'x', true, null, {}],
    envAccepted: [['3', 3]],
    envRefused: ['-1', '25', 'yes'],
    accepts: /a whole number from 0 to 24: heap snapshots a day/,
  },
  {
    option: 'promises',
    env: 'LEAKGUARD_PROMISES',
    accepted: [
      [true, true],
      [false, false],
    ],
    refused: ['yes', '', 1, 0, 2, null, {}],
    envAccepted: [
      ['1', true],
      ['0', false],
    ],
    envRefused: ['yes', 'off', '2'],
    accepts: /true or false/,
  },
  {
    option: 'report',
    env: 'LEAKGUARD_REPORT',
    accepted: [
      [null, null],
      ['report.json', path.resolve('report.json')],
      ['%p-%t.txt', path.resolve('%p-%t.txt')],
      ['report.md', path.resolve('report.md')],
      ['report.html', path.resolve('report.html')],
    ],
    refused: [
      'report',
      'report.htm5',
      'report.JSON',
      '.json',
      '',
      'no/such/folder/report.json',
      'package.json/report.json',
      5,
      true,
      {},
    ],
    envAccepted: [['report.json', path.resolve('report.json')]],
    envRefused: ['report', 'report.pdf', 'no/such/folder/report.json'],
    accepts: /\.json, \.txt, \.md.*folder that exists/,
  },
  {
    option: 'failOn',
    env: 'LEAKGUARD_FAIL_ON',
    accepted: [
      [null, null],
      ['leak', 'leak'],
      ['suspect', 'suspect'],
    ],
    refused: ['', 'Leak', 'note', 'never', 1, true, {}],
    envAccepted: [
      ['leak', 'leak'],
      ['suspect', 'suspect'],
    ],
    envRefused: ['note', 'never', '1'],
    accepts: /leak or suspect/,
  },
  {
    option: 'recorder',
    env: 'LEAKGUARD_RECORDER',
    accepted: [
      ['0', null],
      [false, null],
      [null, null],
      ['1', true],
      [true, true],
      ['leaks.rec', path.resolve('leaks.rec')],
    ],
    refused: ['', 5, {}, []],
    envAccepted: [
      ['0', null],
      ['1', true],
      ['%p.rec', path.resolve('%p.rec')],
    ],
    accepts: /true or false .*or a file/,
  },
  {
    option: 'recorderSnapshot',
    env: 'LEAKGUARD_RECORDER_SNAPSHOT',
    accepted: [
      [true, true],
      ['0', false],
    ],
    refused: ['', 5, 'yes', {}, []],
    envAccepted: [['1', true]],
    envRefused: ['yes'],
    accepts: /true or false/,
  },
  {
    option: 'dashboard',
    env: 'LEAKGUARD_DASHBOARD',
    accepted: [
      [null, null],
      [__dirname, __dirname],
    ],
    refused: ['', __filename, path.join(__dirname, 'none'), 5, true, {}],
    envAccepted: [[__dirname, __dirname]],
    accepts: /a folder that exists/,
  },
];

/** @param {unknown} value */
const show = (value) =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : typeof value === 'object' && value !== null && !(value instanceof RegExp)
      ? JSON.stringify(value, (_key, entry) =>
          typeof entry === 'function' || entry instanceof RegExp || Number.isNaN(entry)
            ? String(entry)
            : entry,
        )
      : String(value);

for (const { option, env, accepted, refused, envAccepted = [], envRefused = [], accepts } of ROWS) {
  for (const [given, read] of accepted) {
    test(`${option}: ${show(given)} is accepted`, () => {
      const settings = /** @type {any} */ (readOptions({ [option]: given }, {}));
      if (read !== undefined) assert.deepEqual(settings[option], read);
    });
  }
  for (const value of refused) {
    test(`${option}: ${show(value)} is refused, naming option, value and what is accepted`, () => {
      const before = leakguard.report();
      assert.throws(
        () => leakguard.start({ [option]: value }),
        (error) => {
          assert.ok(error instanceof leakguard.LeakguardError);
          assert.equal(error.code, 'ERR_LEAKGUARD_OPTION');
          assert.ok(error.message.startsWith(`option ${option}: `), error.message);
          assert.match(error.message, accepts);
          assert.ok(!error.message.includes('\n'));
          if (typeof value === 'string') assert.ok(error.message.includes(JSON.stringify(value)));
          if (typeof value === 'number') assert.ok(error.message.includes(String(value)));
          return true;
        },
      );
      assert.deepEqual(leakguard.report().shims, before.shims, 'nothing was started');
    });
  }
  if (env === undefined) continue;
  for (const [text, read] of envAccepted) {
    test(`${env}=${text} is accepted`, () => {
      const settings = /** @type {any} */ (readOptions({}, { [env]: text }, assert.fail));
      assert.deepEqual(settings[option], read);
    });
  }
  for (const text of envRefused) {
    test(`${env}=${text} is said, and the default is used`, () => {
      /** @type {string[]} */
      const said = [];
      const settings = readOptions({}, { [env]: text }, (message) => said.push(message));
      assert.equal(said.length, 1);
      assert.ok(said[0].startsWith(`${env}=${JSON.stringify(text)} `), said[0]);
      assert.match(said[0], accepts);
      assert.deepEqual(settings, readOptions({}, {}));
    });
  }
  test(`${env} set to nothing is as if it were not set`, () => {
    assert.deepEqual(readOptions({}, { [env]: '' }, assert.fail), readOptions({}, {}));
  });
  test(`${option} given in code wins over ${env}`, () => {
    const [given, read] = accepted[0];
    const [other] = envAccepted[0];
    const settings = /** @type {any} */ (readOptions({ [option]: given }, { [env]: other }));
    assert.deepEqual(settings[option], read);
  });
}

test('every option has a row here, and every variable is known', () => {
  const rows = ROWS.map(({ option }) => option).sort();
  assert.deepEqual(rows, Object.keys(readOptions({}, {})).sort());
  // Neither is an option of start().
  const others = ['LEAKGUARD', 'LEAKGUARD_RELEASE'];
  const variables = [...others, ...ROWS.flatMap(({ env }) => env ?? [])].sort();
  assert.deepEqual([...ENVIRONMENT].sort(), variables);
});

test('undefined is as if the option were not given', () => {
  const all = Object.fromEntries(ROWS.map(({ option }) => [option, undefined]));
  assert.deepEqual(readOptions(all, {}), readOptions({}, {}));
});

for (const name of [
  'intervall',
  'Level',
  '__proto__x',
  'toString',
  'constructor',
  'hasOwnProperty',
]) {
  test(`the unknown option ${name} is refused by name, with the known ones`, () => {
    assert.throws(() => leakguard.start(/** @type {any} */ ({ [name]: 1 })), {
      name: 'LeakguardError',
      code: 'ERR_LEAKGUARD_OPTION',
      message: new RegExp(`"${name}".*level, interval, patience`),
    });
  });
}

for (const options of [null, 5, 'high', true, [], () => {}]) {
  test(`start(${show(options)}) is refused`, () => {
    assert.throws(() => leakguard.start(/** @type {any} */ (options)), {
      code: 'ERR_LEAKGUARD_OPTION',
      message: /takes an object of options/,
    });
  });
}

test('a refused start leaves a started instance as it was', (t) => {
  leakguard.start({ interval: '1h', level: 'counts' });
  t.after(() => leakguard.stop());
  const { on } = require('node:events').EventEmitter.prototype;
  assert.throws(() => leakguard.start({ interval: '9ms' }));
  assert.equal(require('node:events').EventEmitter.prototype.on, on);
  assert.equal(leakguard.report().level, 'counts');
});

test('a report path in a folder that cannot be written is refused', (t) => {
  if (process.getuid?.() === 0) return t.skip('root may write everywhere');
  const folder = temporaryFolder(t);
  fs.chmodSync(folder, 0o500);
  assert.throws(() => readOptions({ report: path.join(folder, 'report.json') }, {}), {
    code: 'ERR_LEAKGUARD_OPTION',
  });
});

test('sensitivity high brings its floors and patience, and single ones win over them', () => {
  const high = readOptions({ sensitivity: 'high' }, {});
  assert.deepEqual([high.floors.listeners, high.floors.collections, high.patience], [8, 100, 30]);
  const own = readOptions({ sensitivity: 'high', floors: { listeners: 3 }, patience: 99 }, {});
  assert.deepEqual([own.floors.listeners, own.floors.collections, own.patience], [3, 100, 99]);
  const normal = readOptions({}, {});
  assert.deepEqual([normal.floors.listeners, normal.floors.collections], [16, 1000]);
  assert.equal(normal.patience, 60);
});

test('a floor given as text is read as a number', () => {
  assert.equal(readOptions({ floors: { listeners: '12' } }, {}).floors.listeners, 12);
});

test('an option value with code of its own is not run', () => {
  const trap = {
    toString() {
      throw new Error('run');
    },
    [Symbol.toPrimitive]() {
      throw new Error('run');
    },
  };
  for (const option of ['level', 'interval', 'patience', 'warn', 'report', 'failOn', 'recorder']) {
    assert.throws(() => readOptions({ [option]: trap }, {}), { code: 'ERR_LEAKGUARD_OPTION' });
  }
});
