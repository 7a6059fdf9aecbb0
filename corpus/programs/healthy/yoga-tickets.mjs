/** A ticket office on GraphQL Yoga: a dozen kinds of query, and display boards that subscribe and come back. */

import { once } from 'node:events';
import http from 'node:http';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import visitors from '../../support/visitors.js';

const BOARDS = 5;
const BOARD_STAYS_MS = 900;
const SALE_MS = 100;

const pubSub = createPubSub();
const events = Array.from({ length: 1_000 }, (_, id) => ({
  id: String(id),
  title: `Concert ${id}`,
  hall: `Hall ${id % 8}`,
  seats: 100 + (id % 300),
}));

const schema = createSchema({
  typeDefs: /* GraphQL */ `
    type Event { id: ID!, title: String!, hall: String!, seats: Int!, free: Int! }
    type Sale { event: ID!, seats: Int! }
    type Query { event(id: ID!): Event, hall(name: String!, limit: Int = 5): [Event!]! }
    type Subscription { sold(hall: Int!): Sale! }
  `,
  resolvers: {
    Event: { free: ({ seats }) => seats - (Date.now() % 50) },
    Query: {
      event: (_root, { id }) => events[Number(id)],
      hall: (_root, { name, limit }) => events.filter(({ hall }) => hall === name).slice(0, limit),
    },
    Subscription: {
      sold: {
        subscribe: (_root, { hall }) => pubSub.subscribe(`hall:${hall}`),
        resolve: (sale) => sale,
      },
    },
  },
});

const yoga = createYoga({ schema, logging: false, graphiql: false, landingPage: false });

/** A board shows one hall until its connection is cut, then it subscribes again. */
async function show(board, isOver) {
  const query = encodeURIComponent(`subscription { sold(hall: ${board}) { event seats } }`);
  while (!isOver()) {
    const controller = new AbortController();
    const response = await yoga.fetch(`http://office/graphql?query=${query}`, {
      headers: { accept: 'text/event-stream' },
      signal: controller.signal,
    });
    const reader = response.body.getReader();
    const cut = setTimeout(() => reader.cancel(), BOARD_STAYS_MS + board * 40);
    for (let read = await reader.read(); !read.done; read = await reader.read());
    clearTimeout(cut);
    controller.abort();
  }
}

const fields = ['id,title', 'id,hall', 'title,seats', 'title,free', 'id,title,hall,seats,free'];
const requests = fields.flatMap((selection) => [
  `GET /graphql?query=query($id:ID!){event(id:$id){${selection}}}&variables={"id":"{id}"}`,
  `GET /graphql?query={hall(name:"Hall%20${selection.length % 8}"){${selection}}}`,
]);

const server = http.createServer(yoga);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
let over = false;
let sales = 0;
const office = setInterval(() => {
  sales += 1;
  pubSub.publish(`hall:${sales % BOARDS}`, {
    event: String(sales % 1_000),
    seats: 1 + (sales % 4),
  });
}, SALE_MS);
const boards = Array.from({ length: BOARDS }, (_, board) => show(board, () => over));
await visitors.visit(`http://127.0.0.1:${server.address().port}`, { perSecond: 50, requests });
over = true;
await Promise.all(boards);
clearInterval(office);
server.close();
server.closeAllConnections();
