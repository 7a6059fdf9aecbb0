'use strict';

/**
 * `npm run screenshots`: the pictures of the documents in `docs/images`, of the report, the dashboard and `top`, made
 * anew from one run of the demo. Run by hand when one of them has changed, never by a test.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { pathToFileURL } = require('node:url');
const { readRecording } = require('../lib/cli/recordings');
const { FIRST_VIEW, screen } = require('../lib/cli/top-view');
const { ROOT, buildAddon, chromiumBinary, installChromium, installPackages } = require('./setup');

const SERVICE = path.join(ROOT, 'demo', 'service.js');
const LOAD = path.join(ROOT, 'demo', 'load.js');
const CLI = path.join(ROOT, 'bin', 'leakguard.js');
const LOAD_SECONDS = 30;
/** Where the documents have the demo. */
const SHOWN_ROOT = '/srv/shop';
const IMAGES = path.join(ROOT, 'docs', 'images');
/** The head, the list and the first finding down to its advice. */
const SIZE = { width: 1100, height: 1160 };
const TERMINAL = { columns: 132, rows: 16 };
const MAX_BYTES = 150_000;
const COLOUR_SCHEMES = /** @type {const} */ (['light', 'dark']);
const STYLE = new RegExp(`${'\x1b'}\\[(\\d+)m`, 'g');
/** @type {Record<string, string>} what of the terminal's styles is used */
const STYLES = {
  1: 'font-weight:bold',
  2: 'opacity:.6',
  4: 'text-decoration:underline',
  7: 'background:#cdd6f4;color:#11111b',
  31: 'color:#f38ba8',
  33: 'color:#f9e2af',
};

/** @typedef {import('../__test__/browser/node_modules/playwright-core').Browser} Browser */
/** @typedef {import('../__test__/browser/node_modules/playwright-core').Page} Page */

/**
 * The demo's service under a dashboard, from its load on stopped until `show` is over.
 * @param {{ report: string, recording: string }} files
 * @param {(dashboard: string) => Promise<void>} show
 */
async function runDemo({ report, recording }, show) {
  const options = [
    '--interval',
    '100ms',
    '--dashboard',
    '--recorder',
    recording,
    '--report',
    report,
  ];
  const run = spawn(process.execPath, [CLI, 'run', ...options, '--', process.execPath, SERVICE], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(run, 'close');
  process.once('exit', () => run.kill());
  const [[greeting], [announcement]] = await Promise.all(
    [run.stdout, run.stderr].map((stream) => once(readline.createInterface(stream), 'line')),
  );
  const [url, dashboard] = [greeting, announcement].map((line) => /http:\S+/.exec(line)?.[0]);
  if (!url || !dashboard) throw new Error(`the service did not start: ${greeting}${announcement}`);
  const load = spawn(process.execPath, [LOAD, url, String(LOAD_SECONDS)], { stdio: 'inherit' });
  process.once('exit', () => load.kill());
  await once(load, 'close');
  const { pid } = readRecording(recording);
  process.kill(pid, 'SIGSTOP');
  try {
    await show(dashboard);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  run.kill('SIGTERM');
  await ended;
}

/**
 * @param {Page} page
 * @param {string} name
 */
async function take(page, name) {
  const picture = path.join(IMAGES, `${name}.png`);
  await page.screenshot({ path: picture });
  const { size } = fs.statSync(picture);
  process.stdout.write(`${path.relative(ROOT, picture)}: ${size} bytes\n`);
  if (size > MAX_BYTES) throw new Error(`${picture} is larger than ${MAX_BYTES} bytes`);
}

/**
 * @param {Browser} browser
 * @param {string} name
 * @param {string} url
 */
async function takeBoth(browser, name, url) {
  for (const colorScheme of COLOUR_SCHEMES) {
    const page = await browser.newPage({ viewport: SIZE, colorScheme, locale: 'en-GB' });
    await page.goto(url);
    await page.getByRole('article').first().waitFor();
    // The process is stopped, so nothing is written over it.
    await page.evaluate(
      ([from, to]) => {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
          const { data } = /** @type {Text} */ (walker.currentNode);
          if (data.includes(from)) walker.currentNode.nodeValue = data.replaceAll(from, to);
        }
      },
      [ROOT, SHOWN_ROOT],
    );
    await take(page, `${name}-${colorScheme}`);
    await page.close();
  }
}

/**
 * A terminal's screen as HTML.
 * @param {string[]} lines  with its styles
 */
function terminalPage(lines) {
  const html = lines
    .join('\n')
    .replace(/[&<]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(STYLE, (_, code) => (code in STYLES ? `<span style="${STYLES[code]}">` : '</span>'));
  return `<body style="margin:0;background:#11111b;color:#cdd6f4"><pre style="margin:16px;font:13px/1.35 monospace">${html}</pre>`;
}

/**
 * @param {Browser} browser
 * @param {string} recording
 */
async function takeTop(browser, recording) {
  const state = JSON.parse(
    JSON.stringify(readRecording(recording))
      .replaceAll(ROOT, SHOWN_ROOT)
      .replaceAll(process.execPath, 'node'),
  );
  const page = await browser.newPage({ viewport: { width: 1100, height: 312 } });
  const lines = screen(state, FIRST_VIEW, { alive: true, now: state.at }, TERMINAL);
  await page.setContent(terminalPage(lines));
  await take(page, 'top');
  await page.close();
}

async function main() {
  // Of the terminal that is drawn.
  process.env.FORCE_COLOR = '1';
  for (const folder of ['.', 'demo', '__test__/browser']) installPackages(folder);
  installChromium();
  buildAddon();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-screenshots-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  fs.mkdirSync(IMAGES, { recursive: true });
  const { chromium } = require('../__test__/browser/node_modules/playwright-core');
  const browser = await chromium.launch({
    executablePath: chromiumBinary(),
    chromiumSandbox: process.getuid?.() !== 0,
  });
  const report = path.join(folder, 'report.html');
  const recording = path.join(folder, 'demo.leakguard');
  try {
    await runDemo({ report, recording }, async (dashboard) => {
      await takeBoth(browser, 'dashboard', dashboard);
      await takeTop(browser, recording);
    });
    await takeBoth(browser, 'report', pathToFileURL(report).href);
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  process.stderr.write(`screenshots: ${error.message}\n`);
  process.exitCode = 1;
});
