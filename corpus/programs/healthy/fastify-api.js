'use strict';

/** A JSON API on fastify: schemas compiled at start, decorators and hooks per request, small bodies. */

const fastify = require('fastify');
const { visit } = require('../../support/visitors');

const api = fastify({ logger: false });

const orderSchema = {
  body: {
    type: 'object',
    required: ['order', 'items'],
    properties: {
      order: { type: 'integer' },
      items: { type: 'array', items: { type: 'integer' } },
    },
  },
  response: {
    201: { type: 'object', properties: { order: { type: 'integer' }, total: { type: 'number' } } },
  },
};

api.decorateRequest('startedAt', 0);
api.addHook('onRequest', async (request) => {
  request.startedAt = performance.now();
});
api.addHook('onSend', async (request, reply) => {
  reply.header('x-duration', (performance.now() - request.startedAt).toFixed(1));
});

api.get('/customers/:id', async (request) => {
  const { id } = request.params;
  return { id, orders: Array.from({ length: 20 }, (_, n) => ({ n, cents: (id * 37 + n) % 9000 })) };
});

api.post('/orders', { schema: orderSchema }, async (request, reply) => {
  const { order, items } = request.body;
  reply.code(201);
  return { order, total: items.reduce((sum, item) => sum + item, 0) };
});

async function main() {
  const url = await api.listen({ port: 0, host: '127.0.0.1' });
  await visit(url, { perSecond: 200, requests: ['GET /customers/{id}', 'POST /orders'] });
  await api.close();
}

main();
