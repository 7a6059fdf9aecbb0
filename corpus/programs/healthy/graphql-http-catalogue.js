'use strict';

/** A library's catalogue on graphql-http: parsed queries in a bounded cache, a dataloader for each request. */

const { once } = require('node:events');
const http = require('node:http');
const DataLoader = require('dataloader');
const { buildSchema, parse } = require('graphql');
const { createHandler } = require('graphql-http/lib/use/http');
const { lru } = require('tiny-lru');
const { visit } = require('../../support/visitors');

const PARSED_QUERIES = 150;
const AUTHORS = 200;

const schema = buildSchema(`
  type Author { id: Int! name: String! }
  type Book { id: Int! title: String! author: Author! related: [Book!]! }
  type Query { book(id: Int!): Book shelf(number: Int!): [Book!]! }
`);

const authors = Array.from({ length: AUTHORS }, (_, id) => ({ id, name: `Author ${id}` }));
const parsed = lru(PARSED_QUERIES);

class Book {
  constructor(id) {
    this.id = id;
    this.title = `Book ${id}`;
  }

  author(_, { authorById }) {
    return authorById.load(this.id % AUTHORS);
  }

  related(_, { bookById }) {
    return bookById.loadMany([this.id + 1, this.id + 2]);
  }
}

const rootValue = {
  book: ({ id }, { bookById }) => bookById.load(id),
  shelf: ({ number }, { bookById }) =>
    bookById.loadMany(Array.from({ length: 8 }, (_, n) => number * 8 + n)),
};

function createContext() {
  return {
    bookById: new DataLoader(async (ids) => ids.map((id) => new Book(id))),
    authorById: new DataLoader(async (ids) => ids.map((id) => authors[id])),
  };
}

function parseCached(source, options) {
  const text = typeof source === 'string' ? source : source.body;
  let document = parsed.get(text);
  if (document === undefined) {
    document = parse(text, options);
    parsed.set(text, document);
  }
  return document;
}

async function main() {
  const handle = createHandler({
    schema,
    rootValue,
    context: createContext,
    parse: parseCached,
  });
  const server = http.createServer(handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Clients that write the id into the query instead of its variables: hardly two texts are the same.
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: 50,
    requests: [
      'GET /graphql?query={book(id:{id}){title,author{name},related{title,author{name}}}}',
      'GET /graphql?query={shelf(number:{id}){id,title,author{name}}}',
      'GET /graphql?query={book(id:{n}){title}}',
      'GET /graphql?query={shelf(number:7){title}}',
    ],
  });
  server.close();
}

main();
