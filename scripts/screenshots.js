'use strict';

/**
 * `npm run screenshots`: the pictures of the documents, `docs/images/report-light.png` and `-dark.png`, made
 * anew from a run of the demo. Run by hand when the page has changed, never by a test.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { pathToFileURL } = require('node:url');
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
const MAX_BYTES = 150_000;

/** @param {string} file  for the report of the demo's service */
async function runDemo(file) {
  const run = ['run', '--interval', '100ms', '--report', file, '--', process.execPath, SERVICE];
  const service = spawn(process.execPath, [CLI, ...run], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(service, 'close');
  process.once('exit', () => service.kill());
  const [greeting] = await once(readline.createInterface(service.stdout), 'line');
  const [url] = /http:\S+/.exec(greeting) ?? [];
  if (url === undefined) throw new Error('the service did not listen');
  const load = spawn(process.execPath, [LOAD, url, String(LOAD_SECONDS)], { stdio: 'inherit' });
  process.once('exit', () => load.kill());
  await once(load, 'close');
  service.kill('SIGTERM');
  await ended;
}

/** @param {string} file  a page */
async function takePictures(file) {
  const { chromium } = require('../__test__/browser/node_modules/playwright-core');
  const browser = await chromium.launch({
    executablePath: chromiumBinary(),
    chromiumSandbox: process.getuid?.() !== 0,
  });
  try {
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      const page = await browser.newPage({ viewport: SIZE, colorScheme, locale: 'en-GB' });
      await page.goto(pathToFileURL(file).href);
      const picture = path.join(IMAGES, `report-${colorScheme}.png`);
      await page.screenshot({ path: picture });
      const { size } = fs.statSync(picture);
      process.stdout.write(`${path.relative(ROOT, picture)}: ${size} bytes\n`);
      if (size > MAX_BYTES) throw new Error(`${picture} is larger than ${MAX_BYTES} bytes`);
    }
  } finally {
    await browser.close();
  }
}

async function main() {
  for (const folder of ['.', 'demo', '__test__/browser']) installPackages(folder);
  installChromium();
  buildAddon();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-screenshots-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'report.html');
  await runDemo(file);
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll(ROOT, SHOWN_ROOT));
  fs.mkdirSync(IMAGES, { recursive: true });
  await takePictures(file);
}

main().catch((error) => {
  process.stderr.write(`screenshots: ${error.message}\n`);
  process.exitCode = 1;
});
