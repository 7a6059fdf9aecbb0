/** Live scores by graphql-ws: fans connect, follow a match for a while and leave; one follows all along. */

import { EventEmitter, on, once } from 'node:events';
import {
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocket, WebSocketServer } from 'ws';
import pacing from '../../support/pace.js';

const FANS_PER_SECOND = 8;
const STAY_MS = 900;
const GOAL_MS = 80;
const MATCHES = 10;

const scores = new EventEmitter().setMaxListeners(0);

const Goal = new GraphQLObjectType({
  name: 'Goal',
  fields: {
    match: { type: GraphQLString },
    home: { type: GraphQLInt },
    away: { type: GraphQLInt },
  },
});
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { matches: { type: GraphQLInt } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      goal: {
        type: Goal,
        args: { match: { type: new GraphQLNonNull(GraphQLString) } },
        subscribe: (_root, { match }) => on(scores, match),
        resolve: ([goal]) => goal,
      },
    },
  }),
});

function follow(url, match, onGoal) {
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
  const query = 'subscription Follow($match: String!) { goal(match: $match) { match home away } }';
  return new Promise((resolve, reject) => {
    const leave = client.subscribe(
      { query, variables: { match } },
      { next: ({ data }) => onGoal(data.goal), error: reject, complete: resolve },
    );
    setTimeout(() => {
      leave();
      client.dispose();
    }, STAY_MS);
  });
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
useServer({ schema }, server);
await once(server, 'listening');
const url = `ws://127.0.0.1:${server.address().port}`;

const table = new Map();
const fans = new Set();
let goals = 0;
const play = setInterval(() => {
  goals += 1;
  const match = `match-${goals % MATCHES}`;
  scores.emit(match, { match, home: goals % 5, away: goals % 3 });
}, GOAL_MS);

await pacing.pace(FANS_PER_SECOND, (n) => {
  const fan = follow(url, `match-${n % MATCHES}`, (goal) => table.set(goal.match, goal));
  fans.add(fan);
  fan.finally(() => fans.delete(fan));
});
await Promise.all(fans);
clearInterval(play);
for (const client of server.clients) client.terminate();
server.close();
