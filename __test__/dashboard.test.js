'use strict';

/**
 * `leakguard run --dashboard` over a program that leaks: who is answered and who is refused, and the page in
 * a browser, with updates and buttons.
 */

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const { test } = require('node:test');
const { accessibilityFaults, launchChromium, noChromium } = require('./browser/chromium');
const { BIN, onReferenceOnly, plainEnvironment, runCli, temporaryFolder } = require('./child');

const LEAK = `
const { EventEmitter } = require('node:events');
const bus = new EventEmitter().setMaxListeners(0);
function subscribe() { bus.on('tick', () => {}); }
setInterval(subscribe, 10);
`;

/**
 * A run with a dashboard, until the test is over.
 * @param {import('node:test').TestContext} t
 * @returns {Promise<string>} its address
 */
async function startRun(t) {
  const args = ['run', '--dashboard', '--interval', '50ms', '--sensitivity', 'high'];
  const env = { ...plainEnvironment(), XDG_RUNTIME_DIR: temporaryFolder(t) };
  const child = spawn(process.execPath, [BIN, ...args, '--', process.execPath, '-e', LEAK], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env,
  });
  t.after(async () => {
    child.kill('SIGTERM');
    await once(child, 'close');
  });
  let output = '';
  for await (const text of child.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    output += text;
    const [, url] = /dashboard at (\S+)/.exec(output) ?? [];
    if (url === undefined) continue;
    child.stderr.resume();
    return url;
  }
  throw new Error(`no dashboard: ${output}`);
}

/**
 * @param {string} url
 * @param {http.RequestOptions} [options]
 * @returns {Promise<{ status: number | undefined, headers: http.IncomingHttpHeaders, text: string }>}
 */
async function ask(url, options = {}) {
  const request = http.request(url, options);
  request.end();
  const [response] = await once(request, 'response');
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  return { status: response.statusCode, headers: response.headers, text };
}

test('the dashboard answers who knows its token, under its own name, and no other page', async (t) => {
  const url = await startRun(t);
  const { origin, host } = new URL(url);
  const status = async (
    /** @type {string} */ at,
    /** @type {http.RequestOptions} */ options = {},
  ) => (await ask(at, options)).status;

  const { headers, text, status: ok } = await ask(url);
  assert.equal(ok, 200);
  assert.match(text, /connect-src 'self'/);
  assert.equal(headers['referrer-policy'], 'no-referrer');
  assert.equal(headers['x-frame-options'], 'DENY');
  assert.equal(headers['access-control-allow-origin'], undefined);

  assert.equal(await status(`${origin}/`), 403);
  assert.equal(await status(`${origin}/${'A'.repeat(32)}/`), 403);
  assert.equal(await status(url.slice(0, -2)), 403);
  assert.equal(await status(url, { headers: { host: 'evil.example' } }), 421);
  assert.equal(await status(url, { headers: { host: `localhost:${new URL(url).port}` } }), 200);
  assert.equal(await status(url, { headers: { origin: 'http://evil.example' } }), 403);
  assert.equal(await status(url, { headers: { origin: `http://${host}` } }), 200);
  assert.equal(await status(`${url}ask/mark?process=1-0`, { method: 'POST' }), 404);
  assert.equal(await status(`${url}ask/mark?process=1-0`), 404);
  assert.equal(await status(`${url}ask/exit?process=1-0`, { method: 'POST' }), 404);
  assert.equal(await status(`${url}../package.json`), 403);
  assert.equal(await status(`${url}live.mjs`), 404);
});

test('an address that cannot be had is told in one line', async (t) => {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const run = (/** @type {string} */ address) =>
    runCli(['run', '--dashboard', address, '--', process.execPath, '-e', '0']);
  const taken = await run(`${port}`);
  assert.equal(taken.code, 65);
  assert.match(taken.stderr, /^leakguard: --dashboard: 127\.0\.0\.1:\d+ .*\(EADDRINUSE\).*\n$/);
  for (const address of ['70000', 'example.com:80', ':1', '1.2.3:80']) {
    const { code, stderr } = await run(address);
    assert.equal(code, 64, address);
    assert.match(stderr, /^leakguard: --dashboard .*: accepted is a port from 0 to 65535, .*\n$/);
  }
});

test('the page follows the process, and its buttons ask it', {
  skip: onReferenceOnly || noChromium,
}, async (t) => {
  const url = await startRun(t);
  const { page, refused } = await launchChromium(t);
  /** @type {string[]} */
  const noise = [];
  page.on('console', (message) => noise.push(message.text()));
  page.on('pageerror', (error) => noise.push(String(error)));
  await page.goto(url);
  const status = page.locator('#live').getByRole('status');

  const card = page.getByRole('article').filter({ hasText: 'listeners' });
  await card.waitFor();
  assert.match(await page.getByRole('heading', { level: 1 }).innerText(), /leak/i);
  const count = async () => await card.innerText();
  const before = await count();
  await page.waitForFunction(
    (text) => document.querySelector('article')?.innerText !== text,
    before,
  );

  const drawn = await card
    .locator('canvas')
    .first()
    .evaluate((canvas) => {
      const { width, height } = canvas;
      const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
      return data.some((value) => value !== 0);
    });
  assert.ok(drawn);

  await page.getByRole('button', { name: 'Mark', exact: true }).click();
  await status.filter({ hasText: 'mark set at' }).waitFor();
  const sinceMark = page.getByRole('button', { name: 'Report since mark' });
  await sinceMark.click();
  await page.getByRole('button', { name: 'Back to live' }).waitFor();
  assert.match(await page.getByRole('main').innerText(), /listener/);
  await page.getByRole('button', { name: 'Back to live' }).click();

  await page.getByRole('button', { name: 'Take snapshot and find holders' }).click();
  await card.filter({ hasText: 'variable bus' }).waitFor({ timeout: 60_000 });

  assert.deepEqual(refused, []);
  assert.deepEqual(noise, []);
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`nothing is said against the accessibility of the live page, in ${colorScheme}`, {
    skip: onReferenceOnly || noChromium,
  }, async (t) => {
    const url = await startRun(t);
    const { page } = await launchChromium(t, { colorScheme, bypassCSP: true });
    await page.goto(url);
    await page.getByRole('article').first().waitFor();
    assert.deepEqual(await accessibilityFaults(page), []);
  });
}
