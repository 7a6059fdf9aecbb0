'use strict';

/** Reports that users write in TypeScript, made JavaScript by Sucrase and loaded: each version stays loaded. */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { transform } = require('sucrase');
const { pace } = require('../../support/pace');

const SAVES_PER_SECOND = 15;
const REPORTS = 25;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reports-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

function source(report, version) {
  return `
    import { basename } from 'node:path';
    type Row = { name: string; cents: number };
    interface Report { title: string; total: number; lines: string[] }
    const limit: number = ${10 + (version % 20)};
    export function run(rows: Row[]): Report {
      const shown: Row[] = rows.filter((row) => row.cents >= limit);
      const lines = shown.map(({ name, cents }) => \`\${basename(name)}: \${cents}\`);
      return { title: 'Report ${report}', total: shown.reduce((sum, row) => sum + row.cents, 0), lines };
    }
  `;
}

const rows = Array.from({ length: 20 }, (_, n) => ({ name: `/shop/article-${n}`, cents: n * 3 }));

/** A new file per version, as otherwise the old one would be run again. */
function saveAndRun(report, version) {
  const { code } = transform(source(report, version), { transforms: ['typescript', 'imports'] });
  const file = path.join(folder, `report-${report}-v${version}.js`);
  fs.writeFileSync(file, code);
  const { run } = require(file);
  fs.unlinkSync(file);
  return run(rows);
}

async function main() {
  let total = 0;
  await pace(SAVES_PER_SECOND, (n) => {
    total += saveAndRun(n % REPORTS, n).total;
  });
  process.exit(total > 0 ? 0 : 1);
}

main();
