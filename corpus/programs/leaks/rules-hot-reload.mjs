/**
 * Rules for customs are a module that is written anew at each change and imported with its version in
 * the query; the modules of earlier versions stay in the cache of the loader.
 */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import pacing from '../../support/pace.js';

const CHANGES_PER_SECOND = 12;
const RULES = 60;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'customs-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, 'rules.mjs');

const active = { version: 0, check: () => [] };

function source(version) {
  const rules = Array.from({ length: RULES }, (_, n) => ({
    chapter: n + 1,
    percent: (version + n) % 14,
    note: `chapter ${n + 1}, as of change ${version}`,
  }));
  return `
    export const rules = ${JSON.stringify(rules)};
    const byChapter = new Map(rules.map((rule) => [rule.chapter, rule]));
    export function check(goods) {
      return goods.map(({ chapter, cents }) => {
        const rule = byChapter.get(chapter);
        return { note: rule.note, duty: Math.round((cents * rule.percent) / 100) };
      });
    }
  `;
}

async function reload(version) {
  await fs.promises.writeFile(file, source(version));
  const { check } = await import(`${pathToFileURL(file)}?version=${version}`);
  active.version = version;
  active.check = check;
}

const goods = Array.from({ length: 10 }, (_, n) => ({ chapter: n * 5 + 1, cents: 1000 + n * 90 }));
let duties = 0;
let reloading = Promise.resolve();
await pacing.pace(CHANGES_PER_SECOND, (n) => {
  reloading = reloading
    .then(() => reload(n))
    .then(() => {
      for (const { duty } of active.check(goods)) duties += duty;
    });
});
await reloading;
process.exit(duties > 0 ? 0 : 1);
