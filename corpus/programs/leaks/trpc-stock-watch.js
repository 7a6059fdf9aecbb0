'use strict';

/** Stock levels by tRPC over WebSocket: the subscription listens to the warehouse and returns no way to stop. */

const { EventEmitter, once } = require('node:events');
const { initTRPC } = require('@trpc/server');
const { applyWSSHandler } = require('@trpc/server/adapters/ws');
const { observable } = require('@trpc/server/observable');
const { WebSocket, WebSocketServer } = require('ws');
const { pace } = require('../../support/pace');

const VIEWS_PER_SECOND = 30;
const VIEW_MS = 400;
const DELIVERY_MS = 100;
const ARTICLES = 50;

const warehouse = new EventEmitter();
warehouse.setMaxListeners(0);

const t = initTRPC.create();
const router = t.router({
  stock: t.procedure
    .input((value) => ({ sku: String(value.sku) }))
    .subscription(({ input }) =>
      observable((emit) => {
        let lastLevel;
        warehouse.on('delivery', ({ sku, level }) => {
          if (sku !== input.sku || level === lastLevel) return;
          lastLevel = level;
          emit.next({ sku, level });
        });
      }),
    ),
});

/** A shop window in a browser: each article that is looked at is watched for a while. */
class ShopWindow {
  constructor(socket) {
    this.socket = socket;
    this.levels = new Map();
    socket.on('message', (text) => {
      const { result } = JSON.parse(text);
      if (result?.type === 'data') this.levels.set(result.data.sku, result.data.level);
    });
  }

  look(id, sku) {
    const params = { path: 'stock', input: { sku } };
    this.socket.send(JSON.stringify({ id, jsonrpc: '2.0', method: 'subscription', params }));
    setTimeout(() => {
      this.socket.send(JSON.stringify({ id, jsonrpc: '2.0', method: 'subscription.stop' }));
    }, VIEW_MS);
  }
}

async function main() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  applyWSSHandler({ wss: server, router, createContext: () => ({}) });
  await once(server, 'listening');
  const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
  await once(socket, 'open');
  const shop = new ShopWindow(socket);
  let deliveries = 0;
  const lorry = setInterval(() => {
    deliveries += 1;
    warehouse.emit('delivery', { sku: `sku-${deliveries % ARTICLES}`, level: deliveries % 13 });
  }, DELIVERY_MS);
  await pace(VIEWS_PER_SECOND, (n) => shop.look(n + 1, `sku-${n % ARTICLES}`));
  clearInterval(lorry);
  process.exit(0);
}

main();
