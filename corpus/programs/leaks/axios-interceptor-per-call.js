'use strict';

/** A client that tells axios who is calling by an interceptor, added for each call and never ejected. */

const { once } = require('node:events');
const { createServer } = require('node:http');
const axios = require('axios');
const { pace } = require('../../support/pace');

const CALLS_PER_SECOND = 50;

const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ path: request.url, user: request.headers['x-user'] }));
});

async function main() {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const api = axios.create({ baseURL: `http://127.0.0.1:${server.address().port}` });

  async function fetchBasket(user) {
    api.interceptors.request.use((config) => {
      config.headers['x-user'] = user.name;
      return config;
    });
    const { data } = await api.get(`/baskets/${user.id}`);
    return data;
  }

  await pace(CALLS_PER_SECOND, (n) => {
    fetchBasket({ id: n, name: `user-${n}`, rights: ['read', 'order'] });
  });
  process.exit(0);
}

main();
