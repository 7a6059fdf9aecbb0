'use strict';

/** Whatever a report holds, its SARIF is what the standard's own schema describes. */

const Ajv = /** @type {any} */ (require('ajv')).default;
const assert = require('node:assert/strict');
const { test } = require('node:test');
const leakguard = require('..');
const { render } = require('../lib/formats');
const { $schema, id, ...schema } = require('./fixtures/sarif/sarif-2.1.0-rtm.5.json');

// The schema is of draft 4, of which it uses nothing that later drafts read in another way.
const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
ajv.addFormat('uri', (/** @type {string} */ text) => URL.canParse(text));
ajv.addFormat('uri-reference', /^([\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9A-F]{2})*$/);
ajv.addFormat('date-time', true);
const validate = ajv.compile(schema);

const HOSTILE = '"\'<b>]]>--\n::error::%0A\u001b[31m\u0000\uffff😀[a](b){0} #?';
const KINDS = /** @type {const} */ ([
  'listeners',
  'timers',
  'collections',
  'globals',
  'objects',
  'promises',
  'handles',
  'heap',
  'retained',
]);

/**
 * @param {Partial<import('..').Finding>} [fields]
 * @returns {import('..').Finding}
 */
const finding = (fields) => ({
  signature: '00112233445566ff',
  kind: 'listeners',
  what: 'EventEmitter',
  severity: 'leak',
  confidence: 1,
  tier: 'contract',
  owner: '',
  title: 'a title',
  message: 'a message',
  advice: 'an advice',
  count: 1,
  peak: 1,
  bytes: null,
  ratePerMinute: 0,
  etaMs: null,
  firstSeen: 1,
  lastSeen: 1,
  site: null,
  sites: [],
  marks: [],
  victims: [],
  evidence: [],
  history: [],
  ...fields,
});

/** @param {string} file */
const site = (file) => ({
  ...{ file, line: 1, column: 1, function: HOSTILE, package: 'ws' },
  app: { file: __filename, line: 3, column: 4, function: 'test' },
});

/** @param {import('..').Finding[]} findings */
function assertValid(findings) {
  const report = { ...leakguard.report().toJSON(), findings, notes: [HOSTILE] };
  const log = JSON.parse(render(JSON.stringify(report), 'sarif'));
  assert.ok(validate(log), JSON.stringify(validate.errors, null, 2));
  assert.equal(log.runs[0].results.length, findings.length);
}

test('the schema refuses what is not SARIF', () => {
  assert.ok(!validate({ version: '2.1.0' }));
  const run = { tool: { driver: { name: 'x' } }, results: [{ message: { txt: 'x' } }] };
  assert.ok(!validate({ version: '2.1.0', runs: [run] }));
});

test('a report without findings is valid SARIF', () => {
  assertValid([]);
});

test('findings of every kind, severity and tier are valid SARIF, with a site and without', () => {
  const severities = /** @type {const} */ (['leak', 'suspect', 'note']);
  const tiers = /** @type {const} */ (['contract', 'scenario', 'trend']);
  const files = [__filename, '/else where/ä.js', 'node:internal/timers', 'C:\\a b\\c.js'];
  assertValid(
    KINDS.flatMap((kind) =>
      severities.flatMap((severity) => tiers.map((tier) => finding({ kind, severity, tier }))),
    ),
  );
  assertValid(
    files.map((file) => finding({ site: site(file), sites: [{ ...site(file), share: 1 }] })),
  );
});

test('hostile names are valid SARIF', () => {
  const place = { ...site(`/${HOSTILE}.js`), line: 0, column: 0 };
  const marks = [{ label: HOSTILE, count: 1 }];
  const named = { signature: HOSTILE, what: HOSTILE, owner: HOSTILE, message: HOSTILE };
  assertValid([finding({ ...named, marks, site: place, sites: [{ ...place, share: 1 }] })]);
});

test('256 findings are valid SARIF', () => {
  assertValid(Array.from({ length: 256 }, () => finding({ site: site(__filename) })));
});
