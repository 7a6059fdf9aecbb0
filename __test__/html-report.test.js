'use strict';

/**
 * The HTML report in a browser, opened from disk as its reader does it. One browser for the file; each page
 * is watched for whatever it should not do: ask for anything, write to the console, break its own policy.
 */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, test } = require('node:test');
const { pathToFileURL } = require('node:url');
const { render } = require('../lib/formats');
const { accessibilityFaults, launchChromium, noChromium } = require('./browser/chromium');
const {
  REGISTER,
  ROOT,
  onReferenceOnly,
  program,
  runCli,
  runNode,
  temporaryFolder,
} = require('./child');
const {
  KINDS,
  SERVICE,
  createEveryKind,
  createFinding,
  createReport,
} = require('./report-builder');
const { assertValidReport } = require('./report-schema');

const MAX_BYTES = 300_000;
const skip = onReferenceOnly || noChromium;

/** @type {Promise<import('playwright-core').Browser> | undefined} */
let launched;
/** @type {(() => unknown)[]} */
const closings = [];
// At the end of the file: within a test it would be at the end of that test.
after(() => Promise.all(closings.map((close) => close())));

async function launch() {
  const { page } = await launchChromium(
    /** @type {any} */ ({ after: (/** @type {() => unknown} */ close) => closings.push(close) }),
  );
  return /** @type {import('playwright-core').Browser} */ (page.context().browser());
}

function browser() {
  launched ??= launch();
  return launched;
}

/** @param {object} report */
const htmlOf = (report) => render(JSON.stringify(report), 'html');

/**
 * Opens a report.
 * @param {import('node:test').TestContext} t
 * @param {object | string} report  or its HTML
 * @param {object} [options]  of the browser's context
 */
async function open(t, report, options = {}) {
  const file = path.join(temporaryFolder(t), 'report.html');
  fs.writeFileSync(file, typeof report === 'string' ? report : htmlOf(report));
  const context = await (await browser()).newContext({
    viewport: { width: 1200, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  });
  t.after(() => context.close());
  const page = await context.newPage();
  /** @type {string[]} */
  const noise = [];
  page.on('console', (/** @type {any} */ message) => noise.push(`console: ${message.text()}`));
  page.on('pageerror', (/** @type {Error} */ error) => noise.push(`error: ${error.stack}`));
  page.on('dialog', (/** @type {any} */ dialog) => {
    noise.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on('request', (/** @type {any} */ request) => {
    if (!request.url().startsWith('data:')) noise.push(`request: ${request.url()}`);
  });
  await page.addInitScript(() => {
    const violations = /** @type {string[]} */ ([]);
    Object.assign(globalThis, { violations });
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      violations.push(`${violatedDirective} ${blockedURI}`),
    );
  });
  await page.goto(pathToFileURL(file).href);
  assert.equal(noise.shift(), `request: ${page.url()}`);
  return {
    page,
    /** What it has done that it should not. */
    noise: async () => [
      ...noise,
      ...(options.javaScriptEnabled === false ? [] : await page.evaluate(() => violations)),
    ],
  };
}

/** Texts of all elements that can be seen. */
const texts = (/** @type {any} */ page, /** @type {string} */ selector) =>
  page.locator(selector).filter({ visible: true }).allTextContents();

test('the page asks for nothing, says nothing and keeps to its policy', { skip }, async (t) => {
  const report = createReport(createEveryKind());
  assertValidReport(report);
  const { page, noise } = await open(t, report);
  await page.getByRole('button', { name: /Switch to/ }).click();
  await page.getByLabel('Search').fill('price');
  await page.setViewportSize({ width: 400, height: 800 });
  assert.deepEqual(await noise(), []);
});

test('the verdict is the heading of the page, with the worst finding and its line', {
  skip,
}, async (t) => {
  const one = createReport([createFinding(0)]);
  const { page } = await open(t, one);
  const heading = await page.locator('h1').textContent();
  assert.equal(
    heading,
    "1 leak: 2,402 listeners on EventEmitter 'price', 4,726 more a minute, from service.js:97",
  );
  assert.match(await page.title(), /^1 leak · leakguard, pid 4711$/);
  const several = await open(t, createReport(createEveryKind()));
  assert.match(
    await several.page.locator('h1').textContent(),
    /^3 leaks, 3 suspects, 3 notes\. The worst: /,
  );
});

test('every kind of finding has a card with its severity, sites, code, evidence and advice', {
  skip,
}, async (t) => {
  const report = createReport(createEveryKind());
  const { page } = await open(t, report);
  const cards = await page.locator('article').all();
  assert.equal(cards.length, KINDS.length);
  for (const [index, finding] of report.findings.entries()) {
    const text = await cards[index].innerText();
    const said = [
      finding.severity,
      finding.title,
      'service.js:97:8',
      'called from service.js:113:3 connected',
      'package ws',
      '72 %',
      "shop.on('price', onPrice);",
      finding.advice.slice(1),
      ...finding.evidence.slice(0, 4).map(({ detail }) => detail),
      'property _events Object',
      'a cancelled order is forgotten',
      '1.8 MiB of objects closure (connected)',
    ];
    for (const part of said) assert.ok(text.includes(part), `${part} in\n${text}`);
  }
  assert.equal(await page.locator('.row.it').count(), KINDS.length);
});

test('the process is described: memory with its limit, resources, hooks, ledger and overhead', {
  skip,
}, async (t) => {
  const { page } = await open(
    t,
    createReport([createFinding(0)], { notes: ['level was lowered'] }),
  );
  const text = await page.locator('body').innerText();
  for (const part of [
    '39.0 MiB of 4.0 GiB, 1 %',
    'After the last full GC',
    '32.4 MiB',
    'TCPServerWrap',
    'buried under another patch',
    '49 of at most 4,096',
    '93 %',
    '108.13 ms',
    'level was lowered',
    `node ${process.versions.node}`,
    'pid 4711',
  ]) {
    assert.ok(text.includes(part), `${part} in\n${text}`);
  }
});

for (const colorScheme of ['light', 'dark']) {
  test(`charts are drawn, in ${colorScheme} too`, { skip }, async (t) => {
    const { page } = await open(t, createReport(createEveryKind()), { colorScheme });
    const coloured = await page.evaluate(() =>
      [...document.querySelectorAll('canvas')].map((canvas) => {
        const { data } = /** @type {CanvasRenderingContext2D} */ (
          canvas.getContext('2d')
        ).getImageData(0, 0, canvas.width, canvas.height);
        const colours = new Set();
        for (let index = 0; index < data.length; index += 4) {
          if (data[index + 3] > 0) colours.add(data.slice(index, index + 4).join(' '));
        }
        return colours.size;
      }),
    );
    assert.equal(coloured.length, KINDS.length + 1);
    // The line, its area, the grid, the marks, and what is between them.
    assert.ok(
      coloured.every((/** @type {number} */ colours) => colours > 10),
      coloured.join(),
    );
  });

  test(`nothing is said against its accessibility, in ${colorScheme}`, { skip }, async (t) => {
    const reports = [createReport(createEveryKind(), { notes: ['a note'] }), createReport([])];
    for (const report of reports) {
      // The policy would not let the judge in.
      const { page } = await open(t, report, { colorScheme, bypassCSP: true });
      assert.deepEqual(await accessibilityFaults(page), []);
    }
  });
}

test('a chart is an image whose name says its numbers, and they stand in a table', {
  skip,
}, async (t) => {
  const { page } = await open(t, createReport([createFinding(0)]));
  const name = await page.locator('article [role=img]').getAttribute('aria-label');
  assert.equal(
    name,
    "Growth of 2,402 listeners on EventEmitter 'price'. " +
      'From 109 to 2,402 in 1m 3s, lowest 109, highest 2,402, 64 points',
  );
  await page.locator('article').getByText('The numbers').click();
  assert.equal((await texts(page, 'article .numbers tbody tr')).length, 64);
});

test('the findings can be narrowed by severity, kind and words, and all be had back', {
  skip,
}, async (t) => {
  const { page } = await open(t, createReport(createEveryKind()));
  const shown = async () => (await texts(page, 'article h3')).length;
  const status = () => page.locator('output').textContent();
  assert.equal(await status(), 'All 9 findings');
  await page.getByLabel('note (3)').uncheck();
  assert.deepEqual([await shown(), await status()], [6, '6 of 9 findings']);
  await page.getByLabel('Kind').selectOption('listeners');
  assert.deepEqual(await texts(page, 'article h3'), [
    "leak 2,402 listeners on EventEmitter 'price'",
  ]);
  await page.getByRole('button', { name: 'Clear' }).click();
  assert.equal(await shown(), 9);
  await page.getByLabel('Search').fill('SESSION closed');
  assert.deepEqual([await shown(), await status()], [1, '1 of 9 findings']);
  assert.equal((await texts(page, 'nav li')).length, 1);
  await page.getByLabel('Search').fill('no such thing');
  assert.deepEqual([await shown(), await status()], [0, '0 of 9 findings']);
});

test('the keyboard reaches every control in the order of the page, and shows where it is', {
  skip,
}, async (t) => {
  const { page } = await open(t, createReport(createEveryKind().slice(0, 3)));
  const wanted = await page.evaluate(() => {
    const controls = [...document.querySelectorAll('a, button, input, select, summary')];
    return controls.filter((control) => control.checkVisibility()).length;
  });
  const reached = new Set();
  let last = -1;
  for (let press = 0; press < wanted; press += 1) {
    await page.keyboard.press('Tab');
    const { place, outline, name } = await page.evaluate(() => {
      const active = /** @type {Element} */ (document.activeElement);
      return {
        place: [...document.querySelectorAll('*')].indexOf(active),
        outline: getComputedStyle(active).outlineStyle,
        name: active.outerHTML.slice(0, 100),
      };
    });
    assert.ok(place > last, `${name} comes too early`);
    assert.notEqual(outline, 'none', name);
    last = place;
    reached.add(place);
  }
  assert.equal(reached.size, wanted);
});

test('the theme follows the system until the reader chooses one', { skip }, async (t) => {
  const { page } = await open(t, createReport([createFinding(0)]), { colorScheme: 'dark' });
  /** @param {string} theme */
  const becomes = (theme) =>
    page.waitForFunction(
      (/** @type {string} */ wanted) => document.documentElement.dataset.theme === wanted,
      theme,
    );
  await becomes('dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await becomes('light');
  await page.getByRole('button', { name: 'Switch to dark' }).click();
  await becomes('dark');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.emulateMedia({ colorScheme: 'light' });
  // What the system wishes has been heard by the next frame.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  await becomes('dark');
});

/**
 * The same with another string in the place of each.
 * @param {any} value
 * @param {(text: string) => string} change
 * @returns {any}
 */
function mapStrings(value, change) {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((one) => mapStrings(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, mapStrings(one, change)]),
  );
}

const HOSTILE = [
  '</script><script>globalThis.broken = 1</script>',
  '<!--<script>globalThis.broken = 2</script>',
  '<img src=x onerror="globalThis.broken = 3">',
  '</pre></details><svg onload=globalThis.broken=4>',
  '"><iframe srcdoc="<script>parent.broken = 5</script>"></iframe>',
  "javascript:globalThis.broken=6//'",
  '\u2028globalThis.broken = 7\u2029',
  '{{report}}{{text}}{{script}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: to be found as it is
  '${globalThis.broken = 8}`',
  '\u202eexe.sj\u0000\u001b[31m',
];
/** Those that have a few values only. */
const CLOSED = ['kind', 'severity', 'tier', 'verdict', 'schema', 'signature', 'level'];

test('hostile strings in every field are shown as text and run nothing', { skip }, async (t) => {
  const plain = createReport(createEveryKind(), { notes: ['one'], explained: null });
  const harmless = await open(t, plain);
  const elements = (/** @type {any} */ page) =>
    page.evaluate(() => document.querySelectorAll('script, img, svg, iframe, style, link').length);
  const usual = await elements(harmless.page);
  for (const hostile of HOSTILE) {
    const closed = new Map();
    const report = JSON.parse(JSON.stringify(plain), (name, value) => {
      if (!CLOSED.includes(name)) return value;
      closed.set(value, value);
      return value;
    });
    // Also in names of fields that are free: shims cannot have other states, resources can be anything.
    const changed = {
      ...mapStrings(report, (text) => (closed.has(text) ? text : `${hostile}${text}`)),
      shims: { [hostile]: 'on' },
    };
    changed.meters.resources = { [hostile]: 1 };
    for (const [index, finding] of changed.findings.entries()) {
      finding.kind = report.findings[index].kind;
    }
    const { page, noise } = await open(t, changed);
    assert.equal(await page.evaluate(() => Reflect.get(globalThis, 'broken')), undefined, hostile);
    assert.deepEqual(await noise(), [], hostile);
    assert.equal(await elements(page), usual, hostile);
    // eslint-disable-next-line no-control-regex
    const visible = hostile.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '·');
    const first = await page.locator('article h3').first().textContent();
    assert.equal(first, `leak ${visible}${plain.findings[0].title}`);
    const place = await page.locator('article .sites code').first().textContent();
    assert.ok(place.includes(visible), place);
    assert.ok((await page.locator('#plain pre').textContent()).includes('LEAK'));
  }
});

test('no script or style runs but its own', { skip }, async (t) => {
  const html = htmlOf(createReport([createFinding(0)]));
  const broken = html
    .replace('</body>', '<script>globalThis.broken = true</script></body>')
    .replace('</body>', '<p style="color: red">x</p><img src="https://127.0.0.1/x.png"></body>');
  const { page, noise } = await open(t, broken);
  assert.equal(await page.evaluate(() => Reflect.get(globalThis, 'broken')), undefined);
  const violated = (await noise()).filter((line) => !/^(?:console|request): /.test(line));
  assert.deepEqual(violated.map((line) => line.split(' ')[0]).sort(), [
    'img-src',
    'script-src-elem',
    'style-src-attr',
  ]);
});

test('printed, all is unfolded, in the colours of paper and without controls', {
  skip,
}, async (t) => {
  const { page } = await open(t, createReport([createFinding(0)]), { colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print' });
  assert.deepEqual(await texts(page, 'button, input, select, .skip, nav'), []);
  const text = await page.locator('body').innerText();
  assert.ok(text.includes('trend: it grew while the process ran'), text);
  const ground = await page.evaluate(
    () => getComputedStyle(document.documentElement).backgroundColor,
  );
  assert.equal(ground, 'rgb(255, 255, 255)');
  assert.ok((await page.pdf()).length > 0);
  await page.emulateMedia({ media: 'screen' });
  assert.equal(await page.locator('article details[open]').count(), 0);
});

test('without JavaScript the text report is there', { skip }, async (t) => {
  const report = createReport(createEveryKind());
  const { page } = await open(t, report, { javaScriptEnabled: false });
  const text = await page.locator('pre').innerText();
  assert.equal(text.trim(), render(JSON.stringify(report), 'text').trim());
  assert.ok(text.startsWith('leakguard: 3 leaks, 3 suspects, 3 notes'));
});

test('a clean report says so, and what was watched', { skip }, async (t) => {
  const { page } = await open(t, createReport([]));
  assert.equal(await page.locator('h1').textContent(), 'Clean: nothing grows');
  const text = await page.locator('main').innerText();
  assert.match(
    text,
    /nothing keeps growing\. Watched: collections, eventEmitter, eventTarget, timers/,
  );
  assert.equal(await page.locator('form').count(), 0);
});

test('a merged report lists its processes and threads', { skip }, async (t) => {
  const report = createReport([createFinding(0)]);
  const { pid, startedAt, at, ticks, level, verdict } = report;
  const one = { pid, threadId: 0, startedAt, at, ticks, level, verdict };
  const processes = [
    one,
    { ...one, pid: 4712, threadId: 2, verdict: /** @type {const} */ ('clean') },
  ];
  const { page } = await open(t, { ...report, processes });
  const rows = await texts(page, '.processes tbody tr');
  assert.equal(rows.length, 2);
  assert.match(rows[1], /^clean47122/);
});

test('a report from before some fields were there is shown', { skip }, async (t) => {
  const finding = /** @type {any} */ (createFinding(0));
  delete finding.marks;
  const report = /** @type {any} */ (createReport([finding]));
  delete report.notes;
  report.meters = { heapUsedBytes: 1024 };
  const { page, noise } = await open(t, report);
  assert.equal(await page.locator('article').count(), 1);
  assert.deepEqual(await noise(), []);
});

test('show() draws what is no report at all without an error', { skip }, async (t) => {
  const { page, noise } = await open(t, createReport([createFinding(0)]));
  await page.evaluate(
    (/** @type {unknown[]} */ reports) => {
      for (const report of reports) globalThis.leakguard.show(report);
    },
    [{}, null, [], 'text', { findings: [{}, null, 5], meters: 5, shims: null, verdict: 'odd' }],
  );
  assert.equal(await page.locator('article').count(), 3);
  assert.deepEqual(await noise(), []);
});

test('a newer report changes the page in place: what is open, focused, typed and chosen stays', {
  skip,
}, async (t) => {
  const findings = createEveryKind();
  const report = createReport(findings);
  const { page, noise } = await open(t, report);
  await page.getByLabel('note (3)').uncheck();
  await page.getByLabel('Search').fill('service.js');
  const card = page.locator('article').nth(1);
  await card.getByText('The numbers').click();
  await card.getByText('Signature and origin').focus();
  await card.evaluate((/** @type {any} */ node) => {
    node.kept = true;
    node.querySelector('canvas').kept = true;
  });
  const topOf = (/** @type {any} */ locator) =>
    locator.evaluate((/** @type {Element} */ node) => node.getBoundingClientRect().top);
  const before = await topOf(card);

  const newer = structuredClone(report);
  newer.at += 5000;
  newer.findings[1].title = '300 live intervals';
  newer.findings[1].history.push([newer.at, 2500]);
  // It has become the first, and there is a new one.
  newer.findings.unshift(.../** @type {any[]} */ (newer.findings.splice(1, 1)));
  newer.findings.push(createFinding(30));
  await page.evaluate((/** @type {unknown} */ shown) => globalThis.leakguard.show(shown), newer);

  const moved = page.locator('article').first();
  assert.equal(await moved.locator('h3').textContent(), 'suspect 300 live intervals');
  assert.deepEqual(
    await moved.evaluate((/** @type {any} */ node) => [
      node.kept,
      node.querySelector('canvas').kept,
      node.querySelector('[data-key=numbers]').open,
      node.contains(document.activeElement) && document.activeElement?.textContent,
    ]),
    [true, true, true, 'Signature and origin'],
  );
  assert.match(await moved.locator('[role=img]').getAttribute('aria-label'), /65 points$/);
  assert.equal(await page.getByLabel('Search').inputValue(), 'service.js');
  assert.equal(await page.getByLabel('note (3)').isChecked(), false);
  assert.equal(await page.locator('output').textContent(), '7 of 10 findings');
  assert.equal(await page.locator('#plain').count(), 0);
  const moves = Math.abs((await topOf(moved)) - before);
  assert.ok(moves < 2, `what is read has moved by ${moves} pixels`);
  assert.deepEqual(await noise(), []);
});

test('a link with a signature leads to its finding', { skip }, async (t) => {
  const report = createReport(createEveryKind());
  const { page } = await open(t, report);
  const { signature } = report.findings[7];
  const opened = await page.context().newPage();
  await opened.goto(`${page.url()}#finding-${signature}`);
  await opened.waitForFunction(() => {
    const top = document.querySelectorAll('article')[7].getBoundingClientRect().top;
    return top >= 0 && top < 100;
  });
});

test('a finding can be copied as text', { skip }, async (t) => {
  const { page } = await open(t, createReport([createFinding(0)]));
  await page.getByRole('button', { name: 'Copy as text' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(text, /^LEAK 2,402 listeners/);
  assert.ok(text.includes(`72 % by ${SERVICE}:97:8 subscribe`), text);
});

test('with fifty findings and all their evidence the file is smaller than 300 KB', () => {
  const findings = Array.from({ length: 50 }, (_, index) => createFinding(index));
  const html = htmlOf(createReport(findings));
  const size = Buffer.byteLength(html);
  assert.ok(size < MAX_BYTES, `${size} bytes`);
});

test('a process writes the page at its end, with the code of the line that leaks', {
  skip,
}, async (t) => {
  const file = path.join(temporaryFolder(t), 'report.html');
  const { code, stderr } = await runNode(['--require', REGISTER, program('leaks-listeners.js')], {
    env: {
      LEAKGUARD_REPORT: file,
      LEAKGUARD_INTERVAL: '10ms',
      LEAKGUARD_PATIENCE: '10',
      LEAKGUARD_SENSITIVITY: 'high',
      LEAKGUARD_WARN: '0',
    },
  });
  assert.deepEqual([code, stderr], [0, '']);
  const { page, noise } = await open(t, fs.readFileSync(file, 'utf8'));
  const line = await page.locator('.row.it .code').first().textContent();
  assert.match(line, /\.on\('tick'/);
  assert.deepEqual(await noise(), []);
});

test('report --format html prints the page of a stored report', async (t) => {
  const file = path.join(temporaryFolder(t), 'report.json');
  const report = createReport([createFinding(0)]);
  fs.writeFileSync(file, JSON.stringify({ ...report, excerpts: [{ file: '/etc/passwd' }] }));
  const { code, stdout, stderr } = await runCli(['report', file, '--format', 'html'], {
    cwd: ROOT,
  });
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^<!doctype html>/);
  assert.ok(stdout.includes("shop.on('price', onPrice)"));
  assert.ok(!stdout.includes('/etc/passwd'));
});
