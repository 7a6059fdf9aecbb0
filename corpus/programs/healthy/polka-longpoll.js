'use strict';

/** Correspondence chess on polka: players wait for their opponent's move by long polling, and some give up waiting. */

const { once } = require('node:events');
const http = require('node:http');
const polka = require('polka');
const { pace } = require('../../support/pace');

const GAMES = 15;
const WAIT_MS = 900;

/** Who waits for the next move, by game. */
const waiters = new Map();
const games = Array.from({ length: GAMES }, (_, id) => ({ id, moves: 0, last: null }));

function wait(game, response) {
  const waiter = { answer, since: Date.now() };
  const timeout = setTimeout(answer, WAIT_MS, null);
  function leave() {
    clearTimeout(timeout);
    const others = waiters.get(game.id);
    others?.delete(waiter);
    if (others?.size === 0) waiters.delete(game.id);
  }
  function answer(move) {
    leave();
    response.writeHead(move === null ? 204 : 200, { 'content-type': 'application/json' });
    response.end(move === null ? undefined : JSON.stringify(move));
  }
  response.once('close', leave);
  if (!waiters.has(game.id)) waiters.set(game.id, new Set());
  waiters.get(game.id).add(waiter);
}

function makeMove(game) {
  game.moves += 1;
  game.last = { number: game.moves, from: `e${game.moves % 8}`, to: `d${game.moves % 8}` };
  for (const { answer } of [...(waiters.get(game.id) ?? [])]) answer(game.last);
}

function createApp() {
  return polka()
    .get('/games/:id/next', (request, response) => {
      const game = games[Number(request.params.id)];
      wait(game, response);
    })
    .post('/games/:id/moves', (request, response) => {
      makeMove(games[Number(request.params.id)]);
      response.end('ok');
    });
}

async function ask(url, options, patienceMs) {
  const request = http.request(url, options).end();
  let gaveUp = false;
  const timer = setTimeout(() => {
    gaveUp = true;
    request.destroy(new Error('gave up'));
  }, patienceMs);
  try {
    const [response] = await once(request, 'response');
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return text;
  } catch (error) {
    if (!gaveUp) throw error;
    return null;
  } finally {
    clearTimeout(timer);
  }
}

async function main() {
  const app = createApp();
  app.listen(0, '127.0.0.1');
  await once(app.server, 'listening');
  const url = `http://127.0.0.1:${app.server.address().port}/games`;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 80 });
  const open = new Set();
  const send = (path, method, patienceMs) => {
    const asked = ask(`${url}/${path}`, { agent, method }, patienceMs);
    open.add(asked);
    asked.finally(() => open.delete(asked));
  };
  await pace(45, (n) => {
    const id = Math.floor(Math.random() * GAMES);
    if (n % 3 === 0) send(`${id}/moves`, 'POST', 5_000);
    // Every tenth player closes the page while they wait.
    else send(`${id}/next`, 'GET', n % 10 === 1 ? 250 : 5_000);
  });
  await Promise.all(open);
  agent.destroy();
  app.server.close();
}

main();
