'use strict';

/** Uploaded extensions are zip files; the check reads the manifest, the first entry, and leaves them open. */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const yauzl = require('yauzl');
const yazl = require('yazl');
const { pace } = require('../../support/pace');

const UPLOADS_PER_SECOND = 10;
const PACKAGES = 8;

async function pack(file, n) {
  const zip = new yazl.ZipFile();
  const manifest = { name: `extension-${n}`, version: `1.${n}.0`, permissions: ['read'] };
  zip.addBuffer(Buffer.from(JSON.stringify(manifest)), 'manifest.json');
  for (let script = 0; script < 5; script += 1) {
    zip.addBuffer(Buffer.from(`exports.run = () => ${script};\n`.repeat(60)), `${script}.js`);
  }
  zip.end();
  await pipeline(zip.outputStream, fs.createWriteStream(file));
}

/** @returns {Promise<{ name: string }>} */
function readManifest(file) {
  return new Promise((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      zip.once('error', reject);
      zip.once('entry', (entry) => {
        zip.openReadStream(entry, async (failure, stream) => {
          if (failure) return reject(failure);
          const chunks = await stream.toArray();
          resolve(JSON.parse(Buffer.concat(chunks).toString()));
        });
      });
      zip.readEntry();
    });
  });
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'extensions-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const files = Array.from({ length: PACKAGES }, (_, n) => path.join(folder, `${n}.zip`));
  await Promise.all(files.map(pack));
  const accepted = new Map();
  await pace(UPLOADS_PER_SECOND, async (n) => {
    const { name, version } = await readManifest(files[n % PACKAGES]);
    accepted.set(name, version);
  });
  process.exit(accepted.size === PACKAGES ? 0 : 1);
}

main();
