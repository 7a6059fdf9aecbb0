'use strict';

/** An API's bodies checked by ajv: 150 schemas, each compiled once, the first time it is asked for. */

const { default: Ajv } = require('ajv');
const { pace } = require('../../support/pace');

const SCHEMAS = 150;

const ajv = new Ajv({ allErrors: true });
for (let id = 0; id < SCHEMAS; id += 1) {
  ajv.addSchema(
    {
      type: 'object',
      required: ['id', `field${id}`],
      properties: {
        id: { type: 'integer' },
        [`field${id}`]: { type: 'string', maxLength: 20 + id },
        lines: { type: 'array', items: { type: 'object', properties: { n: { type: 'number' } } } },
      },
    },
    `endpoint-${id}`,
  );
}

const counts = { accepted: 0, refused: 0 };

pace(300, (n) => {
  const id = Math.floor(SCHEMAS * Math.random() ** 2);
  const validate = ajv.getSchema(`endpoint-${id}`);
  const lines = Array.from({ length: 8 }, (_, line) => ({ n: line }));
  const isValid = validate({ id: n, [`field${id}`]: 'x'.repeat(n % 60), lines });
  counts[isValid ? 'accepted' : 'refused'] += 1;
});
