'use strict';

/** Asks for quotes over one TCP line; each question watches the line's end and stays there after its answer. */

const net = require('node:net');
const { once } = require('node:events');
const split2 = require('split2');
const { pace } = require('../../support/pace');

const QUESTIONS_PER_SECOND = 60;
const TIMEOUT_MS = 1000;

/** The exchange at the other end. */
function startExchange() {
  return net
    .createServer((socket) => {
      socket.pipe(split2(JSON.parse)).on('data', ({ id, symbol }) => {
        setTimeout(() => socket.write(`${JSON.stringify({ id, price: symbol.length * 7 })}\n`), 5);
      });
    })
    .listen(0, '127.0.0.1');
}

class QuoteLine {
  constructor(port) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.setMaxListeners(0);
    this.answers = this.socket.pipe(split2(JSON.parse));
    this.answers.setMaxListeners(0);
    this.lastId = 0;
  }

  ask(symbol) {
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      const question = { id, symbol, askedAt: Date.now() };
      const settle = (callback, value) => {
        clearTimeout(timeout);
        this.answers.off('data', onAnswer);
        callback(value);
      };
      const onAnswer = (answer) => {
        if (answer.id === question.id) settle(resolve, answer);
      };
      const timeout = setTimeout(() => settle(reject, new Error('too late')), TIMEOUT_MS);
      this.answers.on('data', onAnswer);
      this.socket.once('close', () => settle(reject, new Error(`no answer for ${symbol}`)));
      this.socket.write(`${JSON.stringify(question)}\n`);
    });
  }
}

async function main() {
  const exchange = startExchange();
  await once(exchange, 'listening');
  const line = new QuoteLine(exchange.address().port);
  const lastPrices = new Map();
  await pace(QUESTIONS_PER_SECOND, (n) => {
    const symbol = `SYM${n % 120}`;
    line.ask(symbol).then(
      ({ price }) => lastPrices.set(symbol, price),
      () => lastPrices.delete(symbol),
    );
  });
  process.exit(0);
}

main();
