'use strict';

/**
 * A text adventure as its bundler left it, names shortened: who is bitten loses health by an interval.
 * It stops when the player is healed or leaves; who dies, one in four, is only put into the ground.
 */

const { EventEmitter: e } = require('node:events');
const { pace: t } = require('../../support/pace');

const r = 24;
const n = 350;
const i = { a: 'crypt', b: 'marsh', c: 'tower' };

class a {
  constructor(s) {
    this.n = s;
    this.p = new Set();
  }
  j(s) {
    this.p.add(s);
    s.r = this;
  }
  l(s) {
    this.p.delete(s);
    s.r = null;
  }
}

class o extends e {
  constructor(s, h) {
    super();
    this.i = s;
    this.h = h;
    this.f = [];
    this.g = { torch: 1, rope: 2, bread: (s % 4) + 1 };
    this.r = null;
  }
  b(s) {
    this.f.push(setInterval(() => this.d(s), n));
  }
  d(s) {
    this.h -= s;
    if (this.h <= 0 && this.r !== null) this.emit('dead');
  }
  q() {
    for (const s of this.f) clearInterval(s);
    this.f.length = 0;
  }
  x() {
    this.q();
    this.r?.l(this);
  }
}

const c = Object.values(i).map((s) => new a(s));
const u = { dead: 0, left: 0 };

function m(s) {
  const h = new o(s, s % 4 === 0 ? 3 : 60);
  const l = c[s % c.length];
  l.j(h);
  h.once('dead', () => {
    u.dead += 1;
    h.r.l(h);
  });
  h.b(1 + (s % 2));
  const y = () => {
    if (h.r === null) return;
    u.left += 1;
    h.x();
  };
  setTimeout(y, 2000 + (s % 5) * 100);
}

async function g() {
  await t(r, m);
  process.exit(u.dead > 0 ? 0 : 1);
}

g();
