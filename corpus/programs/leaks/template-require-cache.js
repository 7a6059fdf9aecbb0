'use strict';

/** Compiles mail templates to modules in a temporary folder and requires each version that it meets. */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const ejs = require('ejs');
const { pace } = require('../../support/pace');

const MAILS_PER_SECOND = 30;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'corpus-templates-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

/** Customers edit their template before nearly every mailing, so there is a new version for each. */
function loadTemplate(customer, version, source) {
  const file = path.join(folder, `${customer}-${version}.js`);
  const render = ejs.compile(source, { client: true, compileDebug: false });
  fs.writeFileSync(file, `module.exports = ${render.toString()}`);
  const template = require(file);
  fs.unlinkSync(file);
  return template;
}

let letters = 0;

pace(MAILS_PER_SECOND, (n) => {
  const customer = `customer${n % 12}`;
  const render = loadTemplate(
    customer,
    n,
    `<h1>Dear <%= name %>,</h1><% for (const item of items) { %><p><%= item %> ${n}</p><% } %>`,
  );
  letters += render({ name: customer, items: ['one', 'two', 'three'] }).length;
}).then(() => process.exit(letters > 0 ? 0 : 1));
