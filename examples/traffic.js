'use strict';

/**
 * Stands in for the outside world: requests at a steady rate for some seconds, then leakguard's report
 * and the end of the process. Days are compressed into these seconds, so the full garbage collections
 * of those days are asked for instead of waited for.
 */

const { EventEmitter } = require('node:events');
const v8 = require('node:v8');
const vm = require('node:vm');
const leakguard = require('leakguard');

const REQUESTS_PER_SECOND = 200;
const SECONDS = 6;
const REQUEST_MS = 100;
const BEAT_MS = 10;
const COLLECT_MS = 100;

/** One visit: closes by itself after a moment, as a request or a connection does. */
class Request extends EventEmitter {
  /** @param {number} id */
  constructor(id) {
    super();
    this.id = id;
    this.user = id % 20;
    this.url = `/articles/${id % 50}?session=${id}`;
    setTimeout(() => this.emit('close'), REQUEST_MS);
  }
}

/**
 * Calls `onRequest` for each request, then prints the report and ends the process.
 * @param {(request: Request) => void} onRequest
 */
function receiveTraffic(onRequest) {
  v8.setFlagsFromString('--expose-gc');
  setInterval(vm.runInNewContext('gc'), COLLECT_MS);

  const startMs = performance.now();
  let received = 0;
  setInterval(() => {
    const seconds = (performance.now() - startMs) / 1000;
    for (; received < seconds * REQUESTS_PER_SECOND; received += 1) {
      onRequest(new Request(received));
    }
    if (seconds < SECONDS) return;
    console.log(`${received} requests later:\n\n${leakguard.report()}`);
    process.exit();
  }, BEAT_MS);
}

exports.receiveTraffic = receiveTraffic;
