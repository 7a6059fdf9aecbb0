'use strict';

/** Indexes documents in a worker thread, which is never told that a document has been deleted. */

const { isMainThread, parentPort, Worker } = require('node:worker_threads');
const { pace } = require('../../support/pace');

const DOCUMENTS_PER_SECOND = 100;
const KEPT = 200;

/** In the worker: which words are in which document. */
function indexDocuments() {
  const wordsOf = new Map();
  parentPort.on('message', ({ id, text }) => {
    wordsOf.set(id, new Set(text.split(' ')));
    parentPort.postMessage({ id, words: wordsOf.get(id).size });
  });
}

async function main() {
  const indexer = new Worker(__filename);
  const documents = new Map();
  indexer.on('message', ({ id, words }) => {
    const document = documents.get(id);
    if (document !== undefined) document.words = words;
  });
  await pace(DOCUMENTS_PER_SECOND, (n) => {
    const words = Array.from({ length: 20 }, (_, word) => `word${(n * (word + 1)) % 997}`);
    const document = { id: n, text: words.join(' '), words: 0 };
    documents.set(n, document);
    documents.delete(n - KEPT);
    indexer.postMessage({ id: n, text: document.text });
  });
  process.exit(0);
}

if (isMainThread) main();
else indexDocuments();
