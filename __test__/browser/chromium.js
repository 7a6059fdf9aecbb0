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
 * @returns {Promise<{ page: import('playwright-core').Page, refused: string[] }>}
 */
async function launchChromium(t) {
  const browser = await chromium.launch({
    executablePath: chromiumBinary() ?? 'chromium',
    // Which root cannot have.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [NO_NETWORK],
  });
  t.after(() => browser.close());
  // A service worker's requests would go past what follows.
  const context = await browser.newContext({ serviceWorkers: 'block' });
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

exports.launchChromium = launchChromium;
exports.noChromium = noChromium;
