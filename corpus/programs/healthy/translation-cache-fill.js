'use strict';

/** Translations behind tiny-lru: it is empty at start, and full after eight seconds. */

const { setTimeout: sleep } = require('node:timers/promises');
const { lru } = require('tiny-lru');
const { pace } = require('../../support/pace');

const PER_SECOND = 40;
const MAX_TRANSLATIONS = 330;

class Translator {
  #known = lru(MAX_TRANSLATIONS);
  translated = 0;

  async translate(text, language) {
    const key = `${language}:${text}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const translation = await this.#ask(text, language);
    this.#known.set(key, translation);
    return translation;
  }

  async #ask(text, language) {
    this.translated += 1;
    await sleep(10);
    const words = text.split(' ').map((word) => ({ word, tag: word.length % 4 }));
    return { language, words, text: words.map(({ word }) => `${word}-${language}`).join(' ') };
  }
}

const LANGUAGES = ['de', 'fr', 'nl', 'pl'];

async function main() {
  const translator = new Translator();
  const open = new Set();
  await pace(PER_SECOND, (n) => {
    const text = `Message ${n} for customer ${n % 97} about order ${n * 13}`;
    const asked = translator
      .translate(text, LANGUAGES[n % LANGUAGES.length])
      // Shown in the list and in the mail: the second comes from the cache.
      .then(() => translator.translate(text, LANGUAGES[n % LANGUAGES.length]))
      .finally(() => open.delete(asked));
    open.add(asked);
  });
  await Promise.all(open);
}

main();
