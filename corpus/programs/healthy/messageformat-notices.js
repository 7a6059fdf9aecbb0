'use strict';

/** Notices in six languages by MessageFormat; a message is compiled when it is first sent in a language. */

const MessageFormat = require('@messageformat/core');
const { pace } = require('../../support/pace');

const NOTICES_PER_SECOND = 300;
const LANGUAGES = ['en', 'de', 'fr', 'pl', 'cs', 'sv'];
const NOTICES_UNTIL_NEXT_LANGUAGE = 120;
const KINDS = 20;

const sources = Array.from(
  { length: KINDS },
  (_, kind) =>
    `{gender, select, male {He} female {She} other {They}} ` +
    `{count, plural, =0 {sent nothing} one {sent one file} other {sent # files}} to box ${kind} of {name}.`,
);

class Catalogue {
  #compiled = new Map();

  constructor(language) {
    this.format = new MessageFormat(language);
  }

  message(kind) {
    let message = this.#compiled.get(kind);
    if (message === undefined) {
      message = this.format.compile(sources[kind]);
      this.#compiled.set(kind, message);
    }
    return message;
  }
}

const catalogues = new Map();

function catalogue(language) {
  let known = catalogues.get(language);
  if (known === undefined) {
    known = new Catalogue(language);
    catalogues.set(language, known);
  }
  return known;
}

/** What was sent last in each language. */
const sent = new Map();

pace(NOTICES_PER_SECOND, (n) => {
  // Offices go to work one after the other.
  const open = Math.min(LANGUAGES.length, 1 + Math.floor(n / NOTICES_UNTIL_NEXT_LANGUAGE));
  const language = LANGUAGES[Math.floor(n / KINDS) % open];
  const text = catalogue(language).message(n % KINDS)({
    gender: ['male', 'female', 'other'][n % 3],
    count: n % 6,
    name: `customer ${n}`,
  });
  sent.set(language, text);
});
