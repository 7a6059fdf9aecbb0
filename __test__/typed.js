'use strict';

/**
 * Whether data are of the types that a package of the metrics' fixtures has, by TypeScript itself. A field that the type
 * does not know is an error, which most schemas let pass.
 */

const fs = require('node:fs');
const path = require('node:path');
const { FIXTURES, ROOT, runNode, temporaryFolder } = require('./child');

const TSC = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/** As JSON has it: of an enumeration its values, of everything a part. */
const PLAIN = `
type Plain<T> = T extends string ? \`\${T}\`
  : T extends (infer Element)[] ? Plain<Element>[]
  : T extends object ? { [Key in keyof T]?: Plain<T[Key]> }
  : T;
`;

/**
 * @typedef {object} Typed
 * @property {string} module
 * @property {string} type   of that module
 * @property {unknown} data  as JSON
 * @property {boolean} [isPart]  whether fields may be missing
 */

/**
 * @param {{ after: (action: () => void) => void }} t
 * @param {Typed[]} all
 * @returns {Promise<string>} what is wrong; empty: nothing
 */
async function typeErrors(t, all) {
  const folder = temporaryFolder(t);
  const packages = path.join(FIXTURES, 'metrics', 'node_modules');
  fs.symlinkSync(packages, path.join(folder, 'node_modules'), 'dir');
  const texts = all.map(({ module, type, data, isPart = false }, index) => {
    const wanted = isPart ? `Plain<Type${index}>` : `Type${index}`;
    const json = JSON.stringify(data, null, 1);
    return `import type { ${type} as Type${index} } from '${module}';\nexport const data${index}: ${wanted} = ${json};\n`;
  });
  fs.writeFileSync(path.join(folder, 'data.ts'), PLAIN + texts.join(''));
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig'];
  const args = [TSC, ...options, '--module', 'nodenext', 'data.ts'];
  const { code, stdout, stderr } = await runNode(args, { cwd: folder });
  return code === 0 ? '' : stdout + stderr;
}

exports.typeErrors = typeErrors;
