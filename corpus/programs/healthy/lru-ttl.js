'use strict';

/** Access tokens in lru-cache, which lets go of them after 1.5 seconds by timers of its own. */

const { randomUUID } = require('node:crypto');
const { LRUCache } = require('lru-cache');
const { pace } = require('../../support/pace');

const tokens = new LRUCache({ max: 100_000, ttl: 1_500, ttlAutopurge: true });

function signIn(user) {
  const token = randomUUID();
  tokens.set(token, { user, scopes: ['read', user % 5 === 0 ? 'write' : 'list'] });
  return token;
}

pace(1_000, (n) => {
  const token = signIn(n);
  if (!tokens.get(token).scopes.includes('read')) throw new Error('cannot read');
});
