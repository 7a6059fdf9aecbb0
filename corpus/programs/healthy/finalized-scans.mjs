/** Scans of a library, shared by who looks at the same page: held weakly, and their entries go when the collector has been there. */

import { unzlibSync, zlibSync } from 'fflate';
import pacing from '../../support/pace.js';

const VIEWERS = 30;
const PAGE_BYTES = 300_000;

class Scans {
  #byPage = new Map();
  #gone = new FinalizationRegistry(({ page, ref }) => {
    // Another scan of the page may have taken its place.
    if (this.#byPage.get(page) === ref) this.#byPage.delete(page);
  });
  opened = 0;

  open(page) {
    const known = this.#byPage.get(page)?.deref();
    if (known !== undefined) return known;
    this.opened += 1;
    const scan = { page, pixels: unzlibSync(readScan(page)), marks: [] };
    const ref = new WeakRef(scan);
    this.#byPage.set(page, ref);
    this.#gone.register(scan, { page, ref });
    return scan;
  }
}

/** What lies on disk: a page packs well. */
function readScan(page) {
  const pixels = new Uint8Array(PAGE_BYTES).fill(page % 256);
  return zlibSync(pixels, { level: 1 });
}

const scans = new Scans();
/** What each viewer has before them, and nothing older. */
const viewers = Array.from({ length: VIEWERS }, () => null);
/** What has been written about a scan, for as long as there is the scan. */
const notes = new WeakMap();

await pacing.pace(25, (n) => {
  // A class reads together, others leaf through the stacks.
  const page = n % 3 === 0 ? Math.floor(n / 30) : n;
  const scan = scans.open(page);
  scan.marks.push({ x: n % 210, y: n % 297 });
  if (!notes.has(scan)) notes.set(scan, { page, words: [`page ${page}`] });
  viewers[n % VIEWERS] = scan;
});
