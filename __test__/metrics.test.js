'use strict';

/** What monitoring systems are told: the families by themselves, and as real parts read them. */

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { describe, test } = require('node:test');
const leakguard = require('..');
const { formatFamilies, prometheusName } = require('../lib/exposition');
const { linkPackage } = require('../scripts/setup');
const {
  FIXTURES,
  ROOT,
  linesOf,
  onReferenceOnly,
  runNode,
  startService,
  temporaryFolder,
  temporaryProject,
} = require('./child');

const METRICS = path.join(FIXTURES, 'metrics');

linkPackage(path.relative(ROOT, METRICS));

/**
 * @param {string} name  of a fixture
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<any>} what it printed
 */
async function run(name, env) {
  const { code, stdout, stderr } = await runNode([path.join(METRICS, name)], {
    cwd: METRICS,
    env,
  });
  assert.deepEqual([code, stderr], [0, '']);
  return JSON.parse(stdout);
}

/**
 * Takes what is pushed to it, as OTLP has it over HTTP, and keeps it.
 * @param {import('node:test').TestContext} t
 */
async function startCollector(t) {
  /** @type {{ url: string | undefined, body: string }[]} */
  const requests = [];
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    requests.push({ url: request.url, body });
    response.setHeader('content-type', 'application/json').end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { address: `http://127.0.0.1:${port}`, requests };
}

/**
 * @param {string} text  of a scrape
 * @returns {Map<string, number>} value by series, as written
 */
function parse(text) {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const series = lines.map((line) => {
    const [, name, value] = /** @type {RegExpExecArray} */ (/^(.+) (\S+)$/.exec(line));
    return /** @type {[string, number]} */ ([name, Number(value)]);
  });
  assert.equal(new Map(series).size, series.length, 'a series is there twice');
  return new Map(series);
}

/** @param {import('..').Watch[]} watches */
function stopAll(watches) {
  for (const watch of watches) watch.stop();
}

/** @param {number} count */
function watchSizes(count) {
  return Array.from({ length: count }, (_, index) =>
    leakguard.watch(`queue ${index}`, () => index + 1),
  );
}

const members = (/** @type {import('..').MetricsOptions} */ options) =>
  leakguard.metricFamilies(options).find(({ name }) => name === 'leakguard.subject.members')
    ?.samples ?? [];

describe('families', () => {
  test('have units, a help text and a name that no other has', () => {
    const families = leakguard.metricFamilies();
    assert.ok(families.length > 20);
    assert.equal(new Set(families.map(prometheusName)).size, families.length);
    for (const { name, help, unit, type } of families) {
      assert.match(name, /^leakguard\.[a-z_.]+$/);
      assert.match(help, /^[A-Z].*\.$/);
      assert.match(unit, /^(By|s|1|\{[a-z]+\}|)(\/s)?$/);
      assert.match(type, /^(gauge|counter)$/);
    }
  });

  test('are listed in the documentation, and nothing else is', () => {
    const page = fs.readFileSync(path.join(ROOT, 'docs', 'metrics.md'), 'utf8');
    const listed = [
      ...page.matchAll(/^\| `(leakguard_\w+)` +\| `([\w.]+)` +\| (?:`(.*?)`)? *\| (\w+) +\|/gm),
    ];
    assert.deepEqual(
      listed.map(([, ...columns]) => columns.map((column) => column ?? '')),
      leakguard
        .metricFamilies()
        .map((family) => [prometheusName(family), family.name, family.unit, family.type]),
    );
  });

  test('have no more samples than asked for, and the rest is summed', (t) => {
    const watches = watchSizes(80);
    t.after(() => stopAll(watches));
    const all = members({ limit: 1000 });
    const total = all.reduce((sum, { value }) => sum + value, 0);
    assert.ok(all.length >= 80);
    for (const limit of [1, 2, 50, 79]) {
      const some = members({ limit });
      assert.equal(some.length, limit);
      const other = some.filter(({ attributes }) =>
        Object.values(attributes).every((value) => value === 'other'),
      );
      assert.equal(other.length, 1);
      assert.equal(
        some.reduce((sum, { value }) => sum + value, 0),
        total,
      );
    }
  });

  test('tell populations that cannot be told apart as one', (t) => {
    const watches = [1, 2, 3].map((size) => leakguard.watch('twins', () => size));
    t.after(() => stopAll(watches));
    const twins = members({ limit: 1000 }).filter(({ attributes }) => attributes.owner === 'twins');
    assert.deepEqual(
      twins.map(({ value }) => value),
      [6],
    );
  });

  test('refuse options that are none', () => {
    const bad = /** @type {any[]} */ ([
      { limit: 0 },
      { limit: 1001 },
      { limit: 1.5 },
      { limit: '50' },
      { workers: 1 },
      { release: 2 },
      { most: 3 },
    ]);
    for (const options of bad) {
      for (const read of [leakguard.metrics, leakguard.metricFamilies]) {
        assert.throws(() => read(options), { code: 'ERR_LEAKGUARD_OPTION' });
      }
    }
    assert.throws(() => leakguard.metrics({ limit: 0 }), {
      message: 'metrics(): limit 0 is not accepted; accepted is a whole number from 1 to 1000',
    });
    for (const limit of /** @type {any[]} */ ([0, 4097, '5'])) {
      assert.throws(() => leakguard.subjects(limit), { code: 'ERR_LEAKGUARD_OPTION' });
    }
  });
});

describe('the text for Prometheus', () => {
  const gauge = (/** @type {string} */ unit) =>
    prometheusName({ name: 'leakguard.a.b_c', unit, type: 'gauge' });

  test('has names by the rules of OpenTelemetry', () => {
    assert.equal(gauge(''), 'leakguard_a_b_c');
    assert.equal(gauge('{member}'), 'leakguard_a_b_c');
    assert.equal(gauge('By'), 'leakguard_a_b_c_bytes');
    assert.equal(gauge('s'), 'leakguard_a_b_c_seconds');
    assert.equal(gauge('1'), 'leakguard_a_b_c_ratio');
    assert.equal(gauge('{member}/s'), 'leakguard_a_b_c_per_second');
    assert.equal(gauge('By/s'), 'leakguard_a_b_c_bytes_per_second');
    const counter = prometheusName({ name: 'leakguard.cpu', unit: 's', type: 'counter' });
    assert.equal(counter, 'leakguard_cpu_seconds_total');
  });

  test('escapes what a label may hold', () => {
    const attributes = { 'code.file.path': 'a"b\\c\nd 🦀', line: 7 };
    const family = {
      name: 'leakguard.x',
      unit: '',
      help: 'X.',
      samples: [{ attributes, value: 1 }],
    };
    assert.equal(
      formatFamilies([{ ...family, type: 'gauge' }]),
      '# HELP leakguard_x X.\n# TYPE leakguard_x gauge\nleakguard_x{code_file_path="a\\"b\\\\c\\nd 🦀",line="7"} 1\n',
    );
  });

  test('leaves out a family without a sample', () => {
    const family = {
      name: 'leakguard.x',
      unit: '',
      help: 'X.',
      combine: /** @type {const} */ ('sum'),
      samples: [],
    };
    assert.equal(formatFamilies([{ ...family, type: 'gauge' }]), '');
  });

  test('is served for GET and HEAD, and for nothing else', async (t) => {
    const { service, address } = await startService(t, [path.join(METRICS, 'server.js')]);
    const url = `http://${address}/metrics`;
    const got = await fetch(url);
    assert.equal(got.status, 200);
    assert.equal(got.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    const series = parse(await got.text());
    assert.equal(series.get('leakguard_up'), 1);
    assert.equal(series.get('leakguard_findings{severity="leak"}'), 1);
    assert.equal(series.get('leakguard_verdict{verdict="leak"}'), 1);
    const head = await fetch(url, { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);
    const post = await fetch(url, { method: 'POST' });
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
    service.stdin.end();
    const [code] = await once(service, 'exit');
    assert.equal(code, 0);
  });

  test('has the release that the environment names, unless it is given', async () => {
    const code = `const { metrics } = require(${JSON.stringify(ROOT)}); process.stdout.write(metrics() + metrics({ release: '3' }))`;
    const env = { LEAKGUARD_RELEASE: '2', npm_package_version: '1' };
    const { stdout } = await runNode(['-e', code], { env });
    const releases = [...stdout.matchAll(/^leakguard_info\{.*service_version="(\d)"/gm)];
    assert.deepEqual(
      releases.map(([, release]) => release),
      ['2', '3'],
    );
  });

  test('says where nothing is watched that nothing is', async () => {
    const code = `process.stdout.write(require(${JSON.stringify(path.join(ROOT, 'lib/adapters/prometheus.js'))}).metrics())`;
    const { stdout } = await runNode(['-e', code], { env: { LEAKGUARD: '0' } });
    const series = parse(stdout);
    assert.equal(series.get('leakguard_up'), 0);
    assert.equal(series.get('leakguard_findings{severity="leak"}'), 0);
  });
});

describe('a service', { skip: onReferenceOnly }, () => {
  test('with prom-client has our metrics in its registry, once, until it takes them out', async () => {
    const outcome = await run('prom-client.js');
    const { signature, text, merged, open, stopped, after, anew, isSame, collections } = outcome;
    assert.match(anew, /^leakguard_up/m, 'a registry that was cleared has them again');
    assert.deepEqual(collections, [], "what metrics are made with is counted as the service's");
    const series = parse(text);
    assert.equal(series.get('orders_total{service="shop"}'), 7);
    const finding = [...series.keys()].find((key) => key.startsWith('leakguard_finding_info{'));
    assert.ok(finding?.includes(`signature="${signature}"`), finding);
    assert.ok(finding.includes('service_version="1.4.2"'), finding);
    assert.ok(finding.includes('leak.js'), finding);
    assert.ok(finding.includes(String.raw`change \"of\"\nall\\any`), finding);
    const up = 'leakguard_up{service="shop"}';
    assert.deepEqual([series.get(up), parse(merged).get(up)], [1, 1]);
    // As prom-client writes a counter of its own.
    const linesOf = (/** @type {string} */ name) =>
      open
        .split('\n')
        .filter((/** @type {string} */ line) => new RegExp(`\\b${name}(_total)*\\b`).test(line))
        .map((/** @type {string} */ line) => line.replaceAll(name, '').replace(/ \S+$/, ''));
    assert.equal(linesOf('orders').length, 3);
    assert.deepEqual(linesOf('leakguard_ticks').slice(1), linesOf('orders').slice(1));
    const ticks = 'leakguard_ticks_total{service="shop"}';
    assert.equal(parse(merged).get(ticks), 2 * Number(series.get(ticks)));
    assert.match(open, /# EOF\n$/);
    assert.equal(parse(stopped).get('leakguard_up'), 0);
    assert.equal(parse(stopped).get('leakguard_findings{severity="leak"}'), 1);
    assert.deepEqual([...parse(after).keys()], ['orders_total{service="shop"}']);
    assert.ok(isSame);
  });

  test("with OpenTelemetry's SDK has the same as instruments, and findings as events", async () => {
    const outcome = await run('opentelemetry.js');
    const { signature, instruments, text, events, after, errors, isSame } = outcome;
    assert.deepEqual([errors, isSame], [[], true]);
    assert.equal(after, text);
    const families = new Map(leakguard.metricFamilies().map((family) => [family.name, family]));
    for (const { scope, descriptor } of instruments) {
      assert.equal(scope, 'leakguard');
      const family = families.get(descriptor.name);
      assert.deepEqual([descriptor.unit, descriptor.description], [family?.unit, family?.help]);
    }
    const names = instruments.map((/** @type {any} */ it) => it.descriptor.name);
    assert.ok(names.includes('leakguard.finding.members') && names.includes('leakguard.ticks'));
    assert.ok(text.includes(`signature="${signature}"`), text);
    // It may have been a suspect before.
    const event = events.find((/** @type {any} */ it) => it.severityText === 'ERROR');
    assert.deepEqual(
      [event.eventName, event.attributes.signature],
      ['leakguard.finding', signature],
    );
    assert.match(event.attributes['code.file.path'], /leak\.js$/);
    assert.match(event.body, /listeners/);
  });

  test("with OpenTelemetry's exporters pushes findings to a collector, as numbers and as events", async (t) => {
    const collector = await startCollector(t);
    const { code, stdout, stderr } = await runNode(
      [path.join(METRICS, 'otlp.js'), collector.address],
      { cwd: METRICS },
    );
    assert.deepEqual([code, stderr], [0, '']);
    const { signature } = JSON.parse(stdout);
    const pushed = (/** @type {string} */ where) =>
      collector.requests.filter(({ url }) => url === where).map(({ body }) => JSON.parse(body));
    const { metrics, scope } = pushed('/v1/metrics').at(-1).resourceMetrics[0].scopeMetrics[0];
    assert.equal(scope.name, 'leakguard');
    const metric = (/** @type {string} */ name) =>
      metrics.find((/** @type {any} */ it) => it.name === name);
    const attributes = (/** @type {any} */ { attributes }) =>
      Object.fromEntries(
        attributes.map((/** @type {any} */ it) => [it.key, Object.values(it.value)[0]]),
      );
    const found = metric('leakguard.finding.info').gauge.dataPoints.map(attributes);
    assert.deepEqual(
      found.map((/** @type {any} */ it) => [it.signature, it.severity, it['service.version']]),
      [[signature, 'leak', '1.4.2']],
    );
    assert.match(found[0]['code.file.path'], /leak\.js$/);
    const { unit, gauge } = metric('leakguard.finding.members');
    assert.deepEqual([unit, gauge.dataPoints.length], ['{member}', 1]);
    const { sum } = metric('leakguard.ticks');
    // OTLP's number for cumulative.
    assert.deepEqual([sum.isMonotonic, sum.aggregationTemporality], [true, 2]);
    const events = pushed('/v1/logs')
      .flatMap(({ resourceLogs }) => resourceLogs[0].scopeLogs[0].logRecords)
      .filter(({ severityText }) => severityText === 'ERROR');
    assert.deepEqual(
      events.map((event) => [event.eventName, attributes(event).signature]),
      [['leakguard.finding', signature]],
    );
  });

  test('whose exporters throw tells the others the same, and goes on', async () => {
    const file = path.join(METRICS, 'broken-exporters.js');
    const { code, stdout, stderr } = await runNode([file], { cwd: METRICS });
    assert.equal(code, 0, stderr);
    const { signature, text, calls } = JSON.parse(stdout);
    assert.ok(calls.throws >= 2 && calls.fails >= 2 && calls.events >= 1, JSON.stringify(calls));
    assert.match(text, new RegExp(`^leakguard_finding_members\\{.*signature="${signature}"`, 'm'));
    const told = stderr.match(/LEAKGUARD_\w+\] .*/g);
    assert.deepEqual(told, [
      "LEAKGUARD_INTERNAL] LeakguardWarning: leakguard: a listener of 'finding' threw: Error: of the processor",
    ]);
  });

  test('with a cluster has one report: of those that live, and of one that was killed', async (t) => {
    const folder = temporaryFolder(t);
    const { report, own, metrics, pids } = await run('cluster.js', {
      XDG_RUNTIME_DIR: folder,
      LEAKGUARD_RECORDER: '1',
    });
    const of = report.processes.map((/** @type {any} */ it) => it.pid);
    assert.deepEqual(of.sort(), pids.sort());
    assert.deepEqual([own.verdict === 'leak', own.processes], [false, undefined]);
    assert.equal(report.verdict, 'leak');
    assert.equal(report.findings.length, 1);
    const series = parse(metrics);
    for (const pid of pids)
      assert.ok(series.has(`leakguard_heap_used_bytes{pid="${pid}",thread="0"}`));
    assert.equal(series.get('leakguard_findings{severity="leak"}'), 1);
  });
});

test('a process that ends is scraped to the last: workers that are terminated, a server that closes, at the exit', async (t) => {
  const { code, stdout, stderr } = await runNode([path.join(METRICS, 'shutdown.js')], {
    cwd: METRICS,
    env: { XDG_RUNTIME_DIR: temporaryFolder(t), LEAKGUARD_RECORDER: '1' },
  });
  assert.deepEqual([code, stderr], [0, '']);
  const scrapes = linesOf(stdout).map((line) => JSON.parse(line));
  const ups = scrapes.map(({ when, text }) => {
    const up = [...parse(text)].filter(([name]) => /^leakguard_up(\{.*thread="0"\})?$/.test(name));
    return [when, ...up.map(([, value]) => value)];
  });
  const ofWorker = [
    ['terminating', 1],
    ['terminated', 1],
  ];
  assert.deepEqual(ups, [
    ...Array(4).fill(ofWorker).flat(),
    ['closing', 0],
    ['stopped', 0],
    ['exit', 1],
    ['stopped at exit', 0],
  ]);
  for (const { when, text } of scrapes) assert.match(text, /^leakguard_ticks_total/m, when);
});

describe('what is no registry and no provider', () => {
  const { register: registerAt } = require('../lib/adapters/prometheus');
  const { register } = require('../lib/adapters/opentelemetry');

  test('is refused, with what is accepted', () => {
    for (const registry of /** @type {any[]} */ ([undefined, null, {}, 'register'])) {
      assert.throws(() => registerAt(registry), {
        code: 'ERR_LEAKGUARD_OPTION',
        message: /is no registry; accepted is a Registry of prom-client/,
      });
    }
    for (const meterProvider of /** @type {any[]} */ ([null, {}, { getMeter: () => ({}) }])) {
      assert.throws(() => register({ meterProvider }), { code: 'ERR_LEAKGUARD_OPTION' });
    }
    assert.throws(() => register(/** @type {any} */ ({ meter: 1 })), {
      code: 'ERR_LEAKGUARD_OPTION',
    });
  });

  test('a logger that is handed in later is told too, and once', () => {
    const meter = {
      createObservableCounter: () => ({}),
      createObservableGauge: () => ({}),
      addBatchObservableCallback() {},
      removeBatchObservableCallback() {},
    };
    let loggers = 0;
    const loggerProvider = {
      getLogger() {
        loggers += 1;
        return { emit() {} };
      },
    };
    const meterProvider = { getMeter: () => meter };
    const first = register(/** @type {any} */ ({ meterProvider }));
    for (let count = 0; count < 2; count += 1) {
      assert.equal(register(/** @type {any} */ ({ meterProvider, loggerProvider })), first);
    }
    first.stop();
    assert.equal(loggers, 1);
  });

  test('may be missing: then it is said what to install', async () => {
    const code = `require(${JSON.stringify(path.join(ROOT, 'lib/adapters/opentelemetry.js'))}).register()`;
    const { code: exit, stderr } = await runNode(['-e', code]);
    assert.equal(exit, 1);
    assert.match(stderr, /install @opentelemetry\/api 1, or give a meterProvider/);
  });

  test('may be of a major that has other names: the same is said, and scrapes go on', async (t) => {
    const folder = temporaryProject(t, {});
    const api = path.join(folder, 'node_modules', '@opentelemetry', 'api');
    fs.mkdirSync(api, { recursive: true });
    const about = { name: '@opentelemetry/api', version: '2.0.0', main: 'index.js' };
    fs.writeFileSync(path.join(api, 'package.json'), JSON.stringify(about));
    fs.writeFileSync(path.join(api, 'index.js'), 'exports.meters = {};');
    const code = `
      try { require('leakguard/opentelemetry').register(); } catch ({ code, message }) { console.log(code, message); }
      console.log(require('leakguard').metrics());
    `;
    const { code: exit, stdout, stderr } = await runNode(['-e', code], { cwd: folder });
    assert.deepEqual([exit, stderr], [0, '']);
    assert.match(stdout, /^ERR_LEAKGUARD_OPTION .*install @opentelemetry\/api 1/);
    assert.match(stdout, /^leakguard_up 1$/m);
  });
});
