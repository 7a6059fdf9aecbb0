'use strict';

/** Debian's Prometheus on a port and in a folder of our own, and what is asked of it. Knows no rule and no metric. */

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const yaml = require('js-yaml');
const { prometheusBinary } = require('../setup');

/** @typedef {(what: string) => Promise<any>} Ask  of its API, below `/api/v1/` */

/** @returns {Promise<number>} a port that was free just now */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * @param {object} options
 * @param {string} options.folder  where its configuration and its data are
 * @param {string} options.rules   YAML
 * @param {string} options.interval  of scrapes and of rules
 * @param {object[]} options.scrapes  as `scrape_configs` has them
 * @returns {Promise<{ ask: Ask, stop: () => Promise<void> }>} it may take a second until it answers
 */
async function startPrometheus({ folder, rules, interval, scrapes }) {
  fs.writeFileSync(path.join(folder, 'rules.yml'), rules);
  const config = {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ['rules.yml'],
    scrape_configs: scrapes,
  };
  const file = path.join(folder, 'prometheus.yml');
  fs.writeFileSync(file, yaml.dump(config));
  const port = await freePort();
  const server = spawn(
    prometheusBinary() ?? 'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${path.join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const ended = once(server, 'exit');
  return {
    async ask(what) {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/${what}`);
      // While it starts it answers 503, in words.
      if (response.status === 503) throw new TypeError('Prometheus is starting');
      const { status, data, error } = /** @type {any} */ (await response.json());
      assert.equal(status, 'success', error);
      return data;
    },
    async stop() {
      server.kill('SIGKILL');
      await ended;
    },
  };
}

/**
 * @param {Ask} ask
 * @param {string} expression
 * @returns {Promise<any[]>}
 */
async function query(ask, expression) {
  const { result } = await ask(`query?query=${encodeURIComponent(expression)}`);
  return result;
}

exports.freePort = freePort;
exports.query = query;
exports.startPrometheus = startPrometheus;
