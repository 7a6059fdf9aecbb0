'use strict';

/** Builds a class for each submitted form and decorates it; class-validator keeps all of them on global. */

const { IsInt, IsString, MaxLength, validateSync } = require('class-validator');
const { pace } = require('../../support/pace');

const FORMS_PER_SECOND = 50;

/** What a TypeScript compiler makes of decorated properties. */
function defineForm(fields) {
  class Form {}
  for (const { name, type, limit } of fields) {
    if (type === 'number') {
      IsInt()(Form.prototype, name);
    } else {
      IsString()(Form.prototype, name);
      MaxLength(limit)(Form.prototype, name);
    }
  }
  return Form;
}

let refused = 0;

function submit(n) {
  const Form = defineForm([
    { name: 'title', type: 'string', limit: 40 },
    { name: 'comment', type: 'string', limit: 200 },
    { name: 'stars', type: 'number' },
  ]);
  const form = Object.assign(new Form(), {
    title: `visit ${n}`,
    comment: 'all was well',
    stars: n % 6 === 5 ? 'many' : n % 6,
  });
  if (validateSync(form).length > 0) refused += 1;
}

pace(FORMS_PER_SECOND, submit).then(() => process.exit(refused > 0 ? 0 : 1));
