'use strict';

/** A configuration that is replaced again and again; each new one's closure holds the one before it. */

const { pace } = require('../../support/pace');

const RELOADS_PER_SECOND = 60;

let current;

function reload(n) {
  const previous = current;
  const rules = Array.from({ length: 60 }, (_, rule) => ({ rule, pattern: `/path/${n}/${rule}` }));
  current = {
    version: n,
    match: (path) => rules.find(({ pattern }) => path.startsWith(pattern)),
    explain: () => `${previous?.version ?? 'nothing'} -> ${n}`,
  };
}

let matched = 0;

pace(RELOADS_PER_SECOND, (n) => {
  reload(n);
  for (let path = 0; path < 10; path += 1) {
    if (current.match(`/path/${n}/${path}/index`) !== undefined) matched += 1;
  }
}).then(() => process.exit(matched > 0 ? 0 : 1));
