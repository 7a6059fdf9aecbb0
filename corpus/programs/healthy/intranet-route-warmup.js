'use strict';

/**
 * An intranet of 240 small applications, each set up when it is first opened: a schema, a template and
 * counters. In seven seconds all have been opened; from then on nothing new is made.
 */

const { once } = require('node:events');
const { compile } = require('ejs');
const express = require('express');
const { z } = require('zod');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 35;
const APPLICATIONS = 240;

function setUp(number) {
  const fields = Array.from({ length: 3 + (number % 4) }, (_, n) => `field${n}`);
  const shape = Object.fromEntries(fields.map((field) => [field, z.string().max(80).optional()]));
  const template = compile(
    `<h1>Application ${number}</h1><ul>${fields
      .map((field) => `<li>${field}: <%= form.${field} %></li>`)
      .join('')}</ul><p><%= visits %> visits</p>`,
  );
  return {
    schema: z.object({ ...shape, page: z.coerce.number() }),
    visits: 0,
    byHour: new Array(24).fill(0),
    render(form) {
      return template({ form, visits: this.visits });
    },
  };
}

const applications = new Map();

function open(number) {
  let application = applications.get(number);
  if (application === undefined) {
    application = setUp(number);
    applications.set(number, application);
  }
  application.visits += 1;
  application.byHour[application.visits % 24] += 1;
  return application;
}

async function main() {
  const app = express();
  app.get('/apps/:page', (request, response) => {
    const page = Number(request.params.page);
    // Every application in turn, but not in the order of its number.
    const application = open((page * 89) % APPLICATIONS);
    const form = application.schema.parse({ page: String(page), field0: `entry ${page}` });
    response.send(application.render(form));
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /apps/{n}'],
  });
  server.close();
  server.closeAllConnections();
}

main();
