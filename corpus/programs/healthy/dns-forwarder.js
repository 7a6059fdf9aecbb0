'use strict';

/**
 * A DNS forwarder with dns-packet. Ever new names are asked for; an answer is remembered for as long as
 * its record says, and a question that the upstream loses is given up after a quarter of a second.
 */

const { spawn } = require('node:child_process');
const dgram = require('node:dgram');
const { once } = require('node:events');
const packet = require('dns-packet');
const { pace } = require('../../support/pace');

const QUESTIONS_PER_SECOND = 120;
const GIVE_UP_MS = 250;
const SWEEP_MS = 400;

/** The upstream, in a process of its own: it loses one question in twelve. */
function serveUpstream() {
  const socket = dgram.createSocket('udp4');
  let asked = 0;
  socket.on('message', (message, { port, address }) => {
    asked += 1;
    if (asked % 12 === 0) return;
    const { id, questions } = packet.decode(message);
    const [{ name }] = questions;
    const data = `10.0.${name.length % 256}.${asked % 256}`;
    const answer = { type: 'A', class: 'IN', name, ttl: 1 + (asked % 3), data };
    socket.send(
      packet.encode({ type: 'response', id, questions, answers: [answer] }),
      port,
      address,
    );
  });
  socket.bind(0, '127.0.0.1', () => process.stdout.write(`${socket.address().port}\n`));
  process.stdin.resume().once('end', () => process.exit(0));
}

class Forwarder {
  #cache = new Map();
  #underWay = new Map();
  #nextId = 0;
  #port;

  constructor(port) {
    this.#port = port;
    this.socket = dgram.createSocket('udp4');
    this.upstream = dgram.createSocket('udp4');
    this.socket.on('message', (message, client) => this.#ask(packet.decode(message), client));
    this.upstream.on('message', (message) => this.#answer(packet.decode(message)));
    this.sweeping = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  #ask({ id, questions }, client) {
    const known = this.#cache.get(questions[0].name);
    if (known !== undefined && known.until > Date.now()) {
      this.#reply(id, questions, known.answers, client);
      return;
    }
    this.#nextId = (this.#nextId + 1) % 65_536;
    const mine = this.#nextId;
    const giveUp = setTimeout(() => this.#underWay.delete(mine), GIVE_UP_MS);
    this.#underWay.set(mine, { id, questions, client, giveUp });
    this.upstream.send(
      packet.encode({ type: 'query', id: mine, questions }),
      this.#port,
      '127.0.0.1',
    );
  }

  #answer({ id: mine, answers }) {
    const waiting = this.#underWay.get(mine);
    if (waiting === undefined) return;
    clearTimeout(waiting.giveUp);
    this.#underWay.delete(mine);
    const { id, questions, client } = waiting;
    const until = Date.now() + answers[0].ttl * 1000;
    this.#cache.set(questions[0].name, { answers, until });
    this.#reply(id, questions, answers, client);
  }

  #reply(id, questions, answers, { port, address }) {
    this.socket.send(packet.encode({ type: 'response', id, questions, answers }), port, address);
  }

  #sweep() {
    const now = Date.now();
    for (const [name, { until }] of this.#cache) if (until <= now) this.#cache.delete(name);
  }

  close() {
    clearInterval(this.sweeping);
    this.socket.close();
    this.upstream.close();
  }
}

async function main() {
  const child = spawn(process.execPath, [__filename, 'upstream'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const forwarder = new Forwarder(Number(line));
  forwarder.socket.bind(0, '127.0.0.1');
  await once(forwarder.socket, 'listening');
  const client = dgram.createSocket('udp4');
  const answered = { count: 0 };
  client.on('message', () => {
    answered.count += 1;
  });
  const { port } = forwarder.socket.address();
  await pace(QUESTIONS_PER_SECOND, (n) => {
    const host = n % 3 === 0 ? `www.shop-${n % 30}` : `img-${n}.cdn-${n % 7}`;
    const questions = [{ type: 'A', class: 'IN', name: `${host}.example` }];
    client.send(packet.encode({ type: 'query', id: n % 65_536, questions }), port, '127.0.0.1');
  });
  client.close();
  forwarder.close();
  child.stdin.end();
  await once(child, 'exit');
}

if (process.argv[2] === 'upstream') serveUpstream();
else main();
