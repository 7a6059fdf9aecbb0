/** An old poll service, not in strict mode: `votes` was never declared, so all polls share a global one. */

const { once } = require('node:events');
const Koa = require('koa');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 150;

function openPoll() {
  votes = [];
}

function vote(voter, choice) {
  votes.push({ voter, choice, castAt: Date.now(), note: `${voter} for number ${choice}` });
  return votes.length;
}

openPoll();

const app = new Koa();

app.use(async (context) => {
  const [, voter, choice] = context.path.split('/');
  context.body = { counted: vote(voter, Number(choice)) };
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /voter{n}/1', 'GET /voter{n}/2', 'GET /voter{n}/3'],
  });
  process.exit(0);
}

main();
