'use strict';

/** Receipts rendered by react as streams, with a part that comes later; one in nine readers goes away before it is there. */

const { Writable } = require('node:stream');
const { setTimeout: sleep } = require('node:timers/promises');
const { createElement: h, Suspense, use, useId, useMemo } = require('react');
const { renderToPipeableStream } = require('react-dom/server');
const { pace } = require('../../support/pace');

const counted = { bytes: 0, done: 0, gone: 0 };

function Line({ item }) {
  const id = useId();
  return h('tr', { id }, h('td', null, item.name), h('td', null, item.price.toFixed(2)));
}

function Total({ items }) {
  const total = useMemo(() => items.reduce((sum, { price }) => sum + price, 0), [items]);
  return h('strong', null, total.toFixed(2));
}

function Bonus({ points }) {
  return h('p', null, `You have ${use(points)} points`);
}

function Receipt({ number, items, points }) {
  return h(
    'article',
    null,
    h('h1', null, `Receipt ${number}`),
    h(
      'table',
      null,
      h(
        'tbody',
        null,
        items.map((item) => h(Line, { key: item.name, item })),
      ),
    ),
    h(Total, { items }),
    h(Suspense, { fallback: h('p', null, 'Points are being counted') }, h(Bonus, { points })),
  );
}

class Reader extends Writable {
  _write(chunk, _encoding, done) {
    counted.bytes += chunk.length;
    done();
  }
}

function send(number) {
  const items = Array.from({ length: 20 }, (_, i) => ({
    name: `article ${number}.${i}`,
    price: ((number * 7 + i * 13) % 500) / 10,
  }));
  const points = sleep(10 + (number % 60), number % 1_000);
  const reader = new Reader();
  return new Promise((resolve) => {
    reader.on('close', resolve);
    const { pipe, abort } = renderToPipeableStream(h(Receipt, { number, items, points }), {
      onShellReady: () => pipe(reader),
      onAllReady: () => {
        counted.done += 1;
      },
      onError: () => {
        counted.gone += 1;
      },
    });
    if (number % 9 === 0) setTimeout(abort, 5, new Error('the reader has gone'));
  });
}

async function main() {
  const open = new Set();
  await pace(25, (n) => {
    const sending = send(n).finally(() => open.delete(sending));
    open.add(sending);
  });
  await Promise.all(open);
}

main();
