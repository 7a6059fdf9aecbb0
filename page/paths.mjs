/**
 * Paths as short as they can be told apart: from the folder that all files of the application are in.
 */

/** @typedef {import('./report.mjs').ShownReport} ShownReport */

/** @param {string} file */
const isPath = (file) => /^(?:\/|[a-z]:[\\/]|\\\\|file:)/i.test(file);

/** @param {string} file @returns {string} its folder, or that of the node_modules it is in; with a slash */
function folderOf(file) {
  const modules = file.search(/[\\/]node_modules[\\/]/);
  const end = modules === -1 ? Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) : modules;
  return file.slice(0, end + 1);
}

/**
 * @param {ShownReport} report
 * @returns {string} the folder with a slash at its end; empty when they have none in common
 */
export function commonFolder(report) {
  const frames = report.findings.flatMap(({ site, sites }) =>
    [site, site?.app, ...sites, ...sites.map(({ app }) => app)].filter((frame) => frame !== null),
  );
  const folders = frames
    .map((frame) => frame?.file ?? '')
    .filter(isPath)
    .map(folderOf);
  if (folders.length === 0) return '';
  let common = folders[0];
  for (const folder of folders) {
    while (!folder.startsWith(common)) {
      const parent = common.slice(0, -1);
      common = common.slice(0, Math.max(parent.lastIndexOf('/'), parent.lastIndexOf('\\')) + 1);
    }
  }
  return common.length > 1 ? common : '';
}

/**
 * @param {string} file
 * @param {string} folder  of `commonFolder`
 */
export function shortened(file, folder) {
  return folder !== '' && file.startsWith(folder) ? file.slice(folder.length) : file;
}

/** @param {string} file */
export function baseName(file) {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
}
