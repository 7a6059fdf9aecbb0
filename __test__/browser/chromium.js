'use strict';

/**
 * The machine's own Chromium, for one test: headless, without a network, and gone afterwards.
 * Knows nothing of what is looked at with it.
 */

const { chromium } = require('playwright-core');
const { chromiumBinary } = require('../../scripts/setup');

/** Why tests with it are skipped; where CI is set it must be there. */
const noChromium =
  chromiumBinary() === undefined && !process.env.CI ? 'no chromium is on the PATH' : false;

/** What a page may ask for: nothing that is elsewhere. */
const IS_HERE =
  /^(file|data|blob|about):|^(http|ws)s?:\/\/(localhost|127(\.\d+){3}|\[::1\])([:/]|$)/;
/** What the browser itself asks for is not found either. */
const NO_NETWORK = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1';

/**
 * An empty page, and what was refused to it so far.
 * @param {import('node:test').TestContext} t
 * @param {import('playwright-core').BrowserContextOptions} [options]
 * @returns {Promise<{ page: import('playwright-core').Page, refused: string[] }>}
 */
async function launchChromium(t, options) {
  const browser = await chromium.launch({
    executablePath: chromiumBinary() ?? 'chromium',
    // Which root cannot have.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [NO_NETWORK],
  });
  t.after(() => browser.close());
  // A service worker's requests would go past what follows.
  const context = await browser.newContext({ serviceWorkers: 'block', ...options });
  /** @type {string[]} */
  const refused = [];
  /** @param {URL} url */
  const isElsewhere = ({ href }) => !IS_HERE.test(href);
  await context.route(isElsewhere, (route) => {
    refused.push(route.request().url());
    return route.abort();
  });
  await context.routeWebSocket(isElsewhere, (socket) => {
    refused.push(socket.url());
    return socket.close();
  });
  return { page: await context.newPage(), refused };
}

/**
 * What is said against the accessibility of a page, all of it unfolded. Its policy must let the judge in.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>} rule, element and reason
 */
async function accessibilityFaults(page) {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
  });
  await page.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
  const { violations } = await page.evaluate(() => axe.run());
  return violations.map((/** @type {any} */ { id, nodes }) =>
    [id, ...nodes.map((/** @type {any} */ node) => node.html + node.failureSummary)].join('\n'),
  );
}

exports.accessibilityFaults = accessibilityFaults;
exports.launchChromium = launchChromium;
exports.noChromium = noChromium;
