'use strict';

/**
 * What the package has for many processes: the rules, by Prometheus's own tool and by its server over real processes;
 * the dashboard; and the page on production. The server is Debian's, on a port and in a folder of this test's own.
 */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const { setTimeout } = require('node:timers/promises');
const yaml = require('js-yaml');
const { query, startPrometheus } = require('../scripts/fleet/prometheus');
const { RULES, readRulesOfSeconds } = require('../scripts/fleet/rules');
const { findCommand, linkPackage, prometheusBinary, promtoolBinary } = require('../scripts/setup');
const {
  FIXTURES,
  ROOT,
  onReferenceOnly,
  runCommand,
  runNode,
  startService,
  temporaryFolder,
  temporaryProject,
} = require('./child');
const { snippetsOf } = require('./snippets');
const { typeErrors } = require('./typed');

const FLEET = path.join(ROOT, 'fleet');
const RULE_TESTS = path.join(FLEET, 'leakguard.rules.test.yml');
const DASHBOARD = path.join(FLEET, 'leakguard.dashboard.json');
const METRICS = path.join(FIXTURES, 'metrics');
const PAGE = fs.readFileSync(path.join(ROOT, 'docs', 'production.md'), 'utf8');

const PROMTOOL = promtoolBinary() ?? '';
const PROMETHEUS = prometheusBinary() ?? '';
const ANALYZE = findCommand('systemd-analyze') ?? '';
const skip =
  onReferenceOnly ||
  (PROMTOOL === '' || PROMETHEUS === '' ? 'install the Debian package prometheus' : false);

const PANELS = '@grafana/schema/dist/esm/raw/composable';
/** Where Grafana's schema has what a panel can be set to. @type {Record<string, string>} */
const PANEL_TYPES = {
  stat: `${PANELS}/stat/panelcfg/x/StatPanelCfg_types.gen`,
  table: `${PANELS}/table/panelcfg/x/TablePanelCfg_types.gen`,
  timeseries: `${PANELS}/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen`,
};

/** Where the types of Kubernetes are, and what validates them. @type {Record<string, string>} */
const KINDS = {
  Deployment: 'kubernetes-models/apps/v1',
  PodMonitor: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
};

/** More than it takes; what is awaited is asked for again and again until then. */
const DEADLINE_MS = 90_000;
const POLL_MS = 250;

/** @param {string[]} args */
const promtool = (...args) => runCommand(PROMTOOL, args);

const rules = /** @type {{ groups: { name: string, rules: any[] }[] }} */ (
  yaml.load(fs.readFileSync(RULES, 'utf8'))
);
const allRules = rules.groups.flatMap((group) => group.rules);

/** The expressions of the dashboard, as Grafana asks them with everything chosen. @returns {string[]} */
function dashboardExpressions() {
  const { panels } = JSON.parse(fs.readFileSync(DASHBOARD, 'utf8'));
  return panels.flatMap((/** @type {any} */ panel) =>
    panel.targets.map((/** @type {any} */ target) =>
      target.expr.replaceAll('$job', '.+').replaceAll('$__rate_interval', '1m'),
    ),
  );
}

/**
 * @param {any} value  of YAML, as Compose and Kubernetes have it
 * @returns {string[]} every NODE_OPTIONS in it
 */
function nodeOptionsIn(value) {
  if (typeof value !== 'object' || value === null) return [];
  if (value.name === 'NODE_OPTIONS') return [value.value];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'NODE_OPTIONS' ? [inner] : nodeOptionsIn(inner),
  );
}

/** @param {string} language */
const snippets = (language) => snippetsOf(PAGE, language);

before(() => linkPackage(path.relative(ROOT, METRICS)));

/**
 * @param {import('node:test').TestContext} t
 * @param {string} behaviour  as fleet-service.js has it
 * @param {string} release
 * @returns {Promise<string>} its address
 */
async function startOne(t, behaviour, release) {
  const args = [path.join(METRICS, 'fleet-service.js'), behaviour];
  return (await startService(t, args, { LEAKGUARD_RELEASE: release })).address;
}

/** Windows are a test's, too: two weeks are an hour. Expressions are the shipped ones but for that. */
function shortenedRules() {
  const text = readRulesOfSeconds().replaceAll('[14d]', '[1h]').replaceAll('[5m]', '[5s]');
  const { groups } = /** @type {typeof rules} */ (yaml.load(text));
  return yaml.dump({ groups: groups.map((group) => ({ ...group, interval: '1s' })) });
}

/**
 * Prometheus itself, which ends with the test.
 * @param {import('node:test').TestContext} t
 * @param {string[]} targets
 */
async function watchFleet(t, targets) {
  const { ask, stop } = await startPrometheus({
    folder: temporaryFolder(t),
    rules: shortenedRules(),
    interval: '1s',
    scrapes: [{ job_name: 'shop', static_configs: [{ targets }] }],
  });
  t.after(stop);
  return ask;
}

/**
 * @template T
 * @param {() => Promise<T | undefined>} look
 * @returns {Promise<T>} what it sees, as soon as it sees something
 */
async function until(look) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    // A server that is starting does not answer.
    const seen = await look().catch((error) => {
      if (error instanceof TypeError) return undefined;
      throw error;
    });
    if (seen !== undefined) return seen;
    assert.ok(Date.now() < deadline, `not seen in ${DEADLINE_MS} ms: ${look}`);
    await setTimeout(POLL_MS);
  }
}

describe('the rules', { skip }, () => {
  test('are accepted by promtool', async () => {
    const { code, stdout, stderr } = await promtool('check', 'rules', RULES);
    assert.equal(code, 0, stdout + stderr);
  });

  test('do what their tests say', async () => {
    const { code, stdout, stderr } = await promtool('test', 'rules', RULE_TESTS);
    assert.equal(code, 0, stdout + stderr);
  });

  test('each have a test: those that alert by name', () => {
    const tests = fs.readFileSync(RULE_TESTS, 'utf8');
    for (const { alert } of allRules.filter((rule) => rule.alert !== undefined)) {
      assert.ok(tests.includes(`alertname: ${alert}\n`), alert);
    }
  });

  test('ask for no metric that there is not', () => {
    const { metricFamilies } = require('..');
    const { prometheusName } = require('../lib/exposition');
    const known = new Set([
      ...metricFamilies().map(prometheusName),
      ...allRules.map(({ record }) => record),
    ]);
    const expressions = [...allRules.map(({ expr }) => expr), ...dashboardExpressions()];
    const asked = expressions.flatMap((text) => text.match(/\b(\w+:)?leakguard_\w+(:\w+)?/g) ?? []);
    assert.ok(asked.length > 30);
    assert.deepEqual(
      asked.filter((name) => !known.has(name)),
      [],
    );
  });
});

describe('the dashboard', { skip }, () => {
  test('asks what promtool can parse', async (t) => {
    const file = path.join(temporaryFolder(t), 'dashboard.yml');
    const expressions = dashboardExpressions();
    assert.ok(expressions.length > 10);
    const rules = expressions.map((expr, index) => ({ record: `panel:${index}`, expr }));
    fs.writeFileSync(file, yaml.dump({ groups: [{ name: 'dashboard', rules }] }));
    const { code, stdout, stderr } = await promtool('check', 'rules', file);
    assert.equal(code, 0, stdout + stderr);
  });

  test("is of the types of Grafana's schema, with all panels and what each can be set to", async (t) => {
    const data = JSON.parse(fs.readFileSync(DASHBOARD, 'utf8'));
    const module = '@grafana/schema';
    const ofPanels = data.panels.flatMap((/** @type {any} */ { type, options, fieldConfig }) => {
      const about = { module: PANEL_TYPES[type], isPart: true };
      const { custom } = fieldConfig.defaults;
      return [
        { ...about, type: 'Options', data: options },
        ...(custom === undefined ? [] : [{ ...about, type: 'FieldConfig', data: custom }]),
      ];
    });
    assert.equal(await typeErrors(t, [{ module, type: 'Dashboard', data }, ...ofPanels]), '');
    const wrong = { ...data, panels: [{ ...data.panels[0], tittle: 'x' }] };
    assert.match(
      await typeErrors(t, [{ module, type: 'Dashboard', data: wrong }]),
      /'"tittle"' does not exist/,
    );
  });

  test('has a data source and a job to choose, and panels that do not overlap', () => {
    const { templating, panels } = JSON.parse(fs.readFileSync(DASHBOARD, 'utf8'));
    assert.deepEqual(
      templating.list.map((/** @type {any} */ { name, type }) => [name, type]),
      [
        ['datasource', 'datasource'],
        ['job', 'query'],
      ],
    );
    const cells = panels.flatMap((/** @type {any} */ { gridPos: { x, y, w, h } }) =>
      Array.from(
        { length: w * h },
        (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`,
      ),
    );
    assert.equal(new Set(cells).size, cells.length);
    for (const { datasource, targets } of panels) {
      for (const at of [datasource, ...targets.map((/** @type {any} */ one) => one.datasource)]) {
        assert.equal(at.uid, `\${${'datasource'}}`);
      }
    }
  });
});

describe('a fleet', { skip }, () => {
  test('with a service that leaks has a text that promtool finds no fault with', async (t) => {
    const { address } = await startService(t, [path.join(METRICS, 'server.js')]);
    const text = await (await fetch(`http://${address}/metrics`)).text();
    assert.match(text, /^leakguard_finding_info\{/m);
    const file = path.join(temporaryFolder(t), 'metrics.txt');
    fs.writeFileSync(file, text);
    const { code, stdout, stderr } = await runCommand('bash', [
      '-c',
      '"$0" check metrics < "$1"',
      PROMTOOL,
      file,
    ]);
    assert.deepEqual([code, stdout, stderr], [0, '', '']);
  });

  test('of two releases ranks the guilty line first, and alerts for it and for nothing else', async (t) => {
    const healthy = ['1.0.0', '1.0.0', '1.0.0', '1.1.0', '1.1.0'];
    const old = [];
    for (const release of healthy) {
      old.push(await startOne(t, 'healthy', release));
    }
    const guilty = await startOne(t, 'leaks', '1.1.0');
    const ask = await watchFleet(t, [...old, guilty]);

    const alerts = await until(async () => {
      const firing = (await ask('alerts')).alerts.filter(
        (/** @type {any} */ { state }) => state === 'firing',
      );
      const names = firing.map((/** @type {any} */ { labels }) => labels.alertname);
      return ['LeakguardLeak', 'LeakguardNewLeak'].every((name) => names.includes(name))
        ? firing
        : undefined;
    });
    assert.equal((await query(ask, 'leakguard_up == 1')).length, 6);

    const [first, ...others] = await query(
      ask,
      'sort_desc(job_signature:leakguard_finding_size_growth_bytes_per_second:sum)',
    );
    assert.equal(others.length, 0);
    const { signature } = first.metric;
    const [info] = await query(ask, `leakguard_finding_info{signature="${signature}"}`);
    assert.deepEqual(
      [info.metric.instance, info.metric.code_function_name, info.metric.service_version],
      [guilty, 'serveRequest', '1.1.0'],
    );
    assert.deepEqual(
      alerts.map((/** @type {any} */ { labels }) => [labels.alertname, labels.signature]).sort(),
      [
        ['LeakguardLeak', signature],
        ['LeakguardNewLeak', signature],
      ],
    );
    for (const { annotations } of alerts) {
      assert.match(
        annotations.description,
        /^EventEmitter 'change' \(listeners, EventEmitter\) grows: serveRequest at .+fleet-service\.js:\d+ adds most\. Signature/,
      );
    }
    // Shorter than what the panels of trends are about: these are parsed and answered, with nothing.
    const answers = await Promise.all(dashboardExpressions().map((text) => query(ask, text)));
    const [instances, leaks, , unwatched, ranked, fresh] = answers;
    assert.deepEqual(
      [instances, leaks, unwatched].map(([{ value }]) => value[1]),
      ['6', '1', '0'],
    );
    for (const table of [ranked, fresh]) {
      assert.deepEqual(
        table.map((/** @type {any} */ { metric }) => [metric.signature, metric.code_function_name]),
        [[signature, 'serveRequest']],
      );
    }
  });
});

describe('the page on production', () => {
  test('has YAML that is YAML', () => {
    const texts = snippets('yaml');
    assert.ok(texts.length >= 4);
    for (const text of texts) {
      for (const document of yaml.loadAll(text)) assert.equal(typeof document, 'object', text);
    }
  });

  test('has objects of Kubernetes with no field that it does not know, and no value that it refuses', {
    skip: onReferenceOnly,
  }, async (t) => {
    const objects = /** @type {any[]} */ (
      snippets('yaml').flatMap((text) => yaml.loadAll(text))
    ).filter(({ kind }) => kind !== undefined);
    assert.deepEqual(objects.map(({ kind }) => kind).sort(), Object.keys(KINDS));
    const typed = objects.map((data) => {
      return { module: KINDS[data.kind], type: `I${data.kind}`, data };
    });
    assert.equal(await typeErrors(t, typed), '');
    const { validate } = await import('./fixtures/metrics/kubernetes.mjs');
    for (const object of objects) validate(object);
    const [deployment] = objects;
    assert.throws(() => validate({ ...deployment, spec: { ...deployment.spec, replicas: 'two' } }));
  });

  test('has a configuration that Prometheus accepts', { skip }, async (t) => {
    const text = snippets('yaml').find((one) => one.includes('scrape_configs:'));
    const folder = temporaryFolder(t);
    const file = path.join(folder, 'prometheus.yml');
    fs.writeFileSync(file, /** @type {string} */ (text));
    fs.copyFileSync(RULES, path.join(folder, 'leakguard.rules.yml'));
    const { code, stdout, stderr } = await promtool('check', 'config', file);
    assert.equal(code, 0, stdout + stderr);
  });

  test('has options of Node.js with which a process starts and is watched, in every snippet', {
    skip: onReferenceOnly,
  }, async (t) => {
    const folder = temporaryProject(t, {});
    const code = "process.stdout.write(require('leakguard').metrics().split('\\n')[2])";
    const options = [
      ...snippets('yaml').flatMap((text) => nodeOptionsIn(yaml.loadAll(text))),
      ...snippets('sh').flatMap((text) => /NODE_OPTIONS='(.+?)'/.exec(text)?.[1] ?? []),
    ];
    assert.equal(options.length, 3);
    for (const NODE_OPTIONS of options) {
      const ended = await runNode(['-e', code], { cwd: folder, env: { NODE_OPTIONS } });
      assert.deepEqual([ended.stdout, ended.stderr], ['leakguard_up 1', ''], NODE_OPTIONS);
    }
  });

  test('names variables that leakguard reads', () => {
    const lib = path.join(ROOT, 'lib');
    const sources = fs
      .readdirSync(lib, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .map((name) => fs.readFileSync(path.join(lib, name), 'utf8'));
    const named = new Set(PAGE.match(/\bLEAKGUARD(_[A-Z]+)*\b/g));
    assert.ok(named.size >= 3);
    for (const name of named)
      assert.ok(
        sources.some((text) => text.includes(name)),
        name,
      );
  });

  test('has a unit that systemd finds no fault with', {
    skip: ANALYZE === '' ? 'systemd is not installed' : false,
  }, async (t) => {
    const folder = temporaryFolder(t);
    const verify = (/** @type {string} */ unit) => {
      fs.writeFileSync(path.join(folder, 'shop.service'), unit);
      return runCommand(ANALYZE, ['verify', './shop.service'], { cwd: folder });
    };
    const [unit] = snippets('ini').map((text) => text.replace('/usr/bin/node', process.execPath));
    const { code, stderr } = await verify(unit);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /shop\.service/);
    assert.match((await verify(unit.replace('Restart=', 'Restarts='))).stderr, /Restarts/);
  });

  test('names files of the package that are there', () => {
    const named = [...PAGE.matchAll(/\bfleet\/[\w.]+\w/g)].map(([name]) => name);
    assert.ok(named.length >= 2);
    for (const name of named) assert.ok(fs.existsSync(path.join(ROOT, name)), name);
  });
});
