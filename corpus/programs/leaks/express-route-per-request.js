'use strict';

/** A server that mounts the routes of a customer when he asks, again on each request. */

const { once } = require('node:events');
const express = require('express');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 50;

const app = express();

function mountCustomer(customer) {
  app.get(`/${customer}/orders`, (_request, response) => {
    response.json({ customer, orders: [1, 2, 3] });
  });
}

app.use((request, _response, next) => {
  const [, customer] = request.path.split('/');
  mountCustomer(customer);
  next();
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /customer{id}/orders'],
  });
  process.exit(0);
}

main();
