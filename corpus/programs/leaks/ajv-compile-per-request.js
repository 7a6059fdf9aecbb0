'use strict';

/** Checks forms that customers design: each request compiles its schema anew, and ajv keeps each one. */

const Ajv = require('ajv');
const { pace } = require('../../support/pace');

const FORMS_PER_SECOND = 50;

const ajv = new Ajv({ allErrors: true });

/** A form as it comes from the database: equal to an earlier one at times, but never the same object. */
function readForm(n) {
  const properties = {};
  for (let field = 0; field < 3 + (n % 4); field += 1) {
    properties[`field${field}`] = { type: field % 2 === 0 ? 'string' : 'integer' };
  }
  return { type: 'object', properties, required: ['field0'] };
}

let refused = 0;

function submit(n) {
  const validate = ajv.compile(readForm(n));
  if (!validate({ field0: `answer ${n}`, field1: n % 5 === 0 ? 'not a number' : n })) refused += 1;
}

pace(FORMS_PER_SECOND, submit).then(() => process.exit(refused > 0 ? 0 : 1));
