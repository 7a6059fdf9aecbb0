'use strict';

/** Holds a report against the JSON Schema that ships in the package. */

const Ajv2020 = /** @type {any} */ (require('ajv/dist/2020')).default;
const assert = require('node:assert/strict');
const schema = require('../report.schema.json');

const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  schema,
);

/** @param {unknown} report  as it is, or as JSON gives it */
function assertValidReport(report) {
  const data = JSON.parse(JSON.stringify(report));
  assert.ok(validate(data), JSON.stringify(validate.errors, null, 2));
}

exports.assertValidReport = assertValidReport;
exports.schema = schema;
