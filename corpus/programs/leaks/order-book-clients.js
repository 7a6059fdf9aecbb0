'use strict';
Object.defineProperty(exports, '__esModule', { value: true });
exports.OrderBook = void 0;

/**
 * An order book, compiled from TypeScript: a Map of price levels, and per client a Map of the orders it
 * has open. What is cancelled leaves both; what is filled leaves its price level only.
 */

const pace_1 = require('../../support/pace');

const ORDERS_PER_SECOND = 180;
const CLIENTS = 40;
const CANCEL_MS = 700;

class OrderBook {
  constructor(symbol) {
    this.symbol = symbol;
    this.sides = { buy: new Map(), sell: new Map() };
    this.byClient = new Map();
    this.volume = 0;
  }
  submit(order) {
    const rest = this.match(order);
    if (rest === 0) return false;
    order.open = rest;
    this.levelOf(order).set(order.id, order);
    this.ordersOf(order.client).set(order.id, order);
    return true;
  }
  match(order) {
    const other = this.sides[order.side === 'buy' ? 'sell' : 'buy'];
    const level = other.get(order.price);
    let open = order.quantity;
    if (level === undefined) return open;
    for (const resting of level.values()) {
      const traded = Math.min(open, resting.open);
      resting.open -= traded;
      open -= traded;
      this.volume += traded;
      if (resting.open === 0) level.delete(resting.id);
      if (open === 0) break;
    }
    if (level.size === 0) other.delete(order.price);
    return open;
  }
  cancel(client, id) {
    const order = this.byClient.get(client)?.get(id);
    if (order === undefined || order.open === 0) return false;
    const level = this.levelOf(order);
    level.delete(id);
    if (level.size === 0) this.sides[order.side].delete(order.price);
    this.byClient.get(client).delete(id);
    return true;
  }
  levelOf({ side, price }) {
    let level = this.sides[side].get(price);
    if (level === undefined) {
      level = new Map();
      this.sides[side].set(price, level);
    }
    return level;
  }
  ordersOf(client) {
    let orders = this.byClient.get(client);
    if (orders === undefined) {
      orders = new Map();
      this.byClient.set(client, orders);
    }
    return orders;
  }
}
exports.OrderBook = OrderBook;

async function main() {
  const books = ['WHEAT', 'BARLEY', 'OATS'].map((symbol) => new OrderBook(symbol));
  await pace_1.pace(ORDERS_PER_SECOND, (n) => {
    const book = books[n % books.length];
    const order = {
      id: `${book.symbol}-${n}`,
      client: `client-${(n * 7) % CLIENTS}`,
      side: Math.random() < 0.5 ? 'buy' : 'sell',
      price: 100 + Math.floor(Math.random() * 6),
      quantity: 1 + (n % 5),
      open: 0,
    };
    if (book.submit(order)) setTimeout(() => book.cancel(order.client, order.id), CANCEL_MS);
  });
  process.exit(books.every(({ volume }) => volume > 0) ? 0 : 1);
}

main();
