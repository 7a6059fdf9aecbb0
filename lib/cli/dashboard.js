'use strict';

/**
 * The web page of `leakguard run --dashboard`: reads what the processes of the run record, and shows it as
 * it changes. It listens on loopback unless told otherwise, and answers nobody who does not know its
 * token: other users of the machine can reach a port, and so can any page in the user's browser, which is
 * what the checks of Host and Origin are for.
 */

const { randomBytes, timingSafeEqual } = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { render } = require('../formats');
const { ASKS, Mailbox, readPresent } = require('../mailbox');
const { Monitor } = require('../monitor');
const { CliError, exitCodes } = require('./exit-codes');
const { readLast } = require('./recordings');

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];
const MAX_PORT = 65_535;
const TOKEN_BYTES = 24;
const LOOK_MS = 500;
/** Lines that keep proxies and browsers from giving up. */
const HEARTBEAT_MS = 15_000;
/** A snapshot of a large heap takes its time. */
const ANSWER_WITHIN_MS = 120_000;
/** What the page loads besides, from the folder of its sources. @type {Record<string, string>} */
const ASSETS = { 'live.js': 'text/javascript', 'live.css': 'text/css' };
const ASSETS_FOLDER = path.join(__dirname, '..', '..', 'page');
const HEADERS = {
  'Cache-Control': 'no-store',
  // The token is in the address.
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

/** @typedef {http.IncomingMessage} Request */
/** @typedef {http.ServerResponse} Response */
/** @typedef {{ response: Response, process: string, sent: string }} Viewer */

/**
 * @param {string} value  of `--dashboard`: a port, or an address and a port
 * @returns {{ host: string, port: number }}
 * @throws {CliError} for anything else
 */
function parseAddress(value) {
  const [, host = LOOPBACK[0], digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(value) ?? [];
  const bare = withoutBrackets(host);
  const port = Number(digits);
  if (digits !== '' && port <= MAX_PORT && (bare === 'localhost' || net.isIP(bare) !== 0)) {
    return { host: bare, port };
  }
  throw new CliError(
    exitCodes.usage,
    `--dashboard ${value}: accepted is a port from 0 to ${MAX_PORT}, or an address and a port such as 127.0.0.1:9000`,
  );
}

/** @param {string} host  such as `[::1]` */
const withoutBrackets = (host) => host.replace(/^\[(.*)\]$/, '$1');

/** The page of a stored report, made to show what comes in. */
function livePage() {
  return render(JSON.stringify(new Monitor().report()), 'html')
    .replace("default-src 'none';", "default-src 'none'; connect-src 'self';")
    .replace("script-src '", "script-src 'self' '")
    .replace("style-src '", "style-src 'self' '")
    .replace(/(<script type="application\/json" id="report">)[^<]*/, '$1')
    .replace(/<details id="plain".*?<\/details>/s, '')
    .replace('</head>', '<link rel="stylesheet" href="live.css">\n</head>')
    .replace('</body>', '<script src="live.js"></script>\n</body>');
}

/** @param {string} host */
const inAddress = (host) => (net.isIPv6(host) ? `[${host}]` : host);

class Dashboard {
  /** @param {string} folder  of the mailboxes */
  constructor(folder) {
    this.folder = folder;
    this.page = livePage();
    this.token = randomBytes(TOKEN_BYTES).toString('base64url');
    /** @type {Set<Viewer>} */
    this.viewers = new Set();
    this.lastId = 0;
    /** @type {Set<string>} processes that are being asked */
    this.asked = new Set();
    this.hosts = LOOPBACK;
    this.server = http.createServer((request, response) => this.#answer(request, response));
    /** @type {NodeJS.Timeout[]} */
    this.timers = [];
  }

  /**
   * @param {{ host: string, port: number }} address  port 0: any
   * @returns {Promise<string>} its URL
   * @throws {CliError} where the port cannot be had
   */
  listen({ host, port }) {
    return new Promise((resolve, reject) => {
      this.server.once('error', (/** @type {NodeJS.ErrnoException} */ { code }) => {
        const why = `${inAddress(host)}:${port} cannot be listened on (${code})`;
        reject(new CliError(exitCodes.badInput, `--dashboard: ${why}: give another port, or 0`));
      });
      this.server.listen(port, host, () => {
        const bound = /** @type {net.AddressInfo} */ (this.server.address());
        this.hosts = LOOPBACK.includes(host) ? LOOPBACK : [...LOOPBACK, host];
        this.timers = [
          setInterval(() => this.#look(), LOOK_MS),
          setInterval(() => this.#keepAlive(), HEARTBEAT_MS),
        ];
        resolve(`http://${inAddress(host)}:${bound.port}/${this.token}/`);
      });
    });
  }

  close() {
    for (const timer of this.timers) clearInterval(timer);
    for (const { response } of this.viewers) response.end();
    this.server.close();
    this.server.closeAllConnections();
  }

  /** @param {Request} request @param {Response} response */
  #answer(request, response) {
    const refusal = this.#refusal(request);
    if (refusal !== null) return send(response, refusal.status, refusal.text);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://dashboard');
    const route = `${request.method} ${pathname.slice(this.token.length + 1)}`;
    if (route === 'GET /') return send(response, 200, this.page, 'text/html');
    const asset = route.replace(/^GET \//, '');
    if (Object.hasOwn(ASSETS, asset)) {
      const text = fs.readFileSync(path.join(ASSETS_FOLDER, asset), 'utf8');
      return send(response, 200, text, ASSETS[asset]);
    }
    const name = searchParams.get('process') ?? '';
    if (route === 'GET /events') return this.#watch(name, request, response);
    const [, ask = ''] = /^POST \/ask\/(\w+)$/.exec(route) ?? [];
    if (ASKS.includes(ask)) return void this.#ask(name, ask, response);
    send(response, 404, 'there is nothing here');
  }

  /**
   * @param {Request} request
   * @returns {{ status: number, text: string } | null}
   */
  #refusal({ url = '', headers }) {
    const host = withoutBrackets((headers.host ?? '').replace(/:\d+$/, ''));
    // A foreign name that resolves to this machine.
    if (!this.hosts.includes(host) && !this.#isAnyAddress(host)) {
      return { status: 421, text: 'this name is not the dashboard’s' };
    }
    const { origin } = headers;
    if (origin !== undefined && origin !== `http://${headers.host}`) {
      return { status: 403, text: 'another page may not ask the dashboard' };
    }
    const given = Buffer.from(url.split('/', 2)[1] ?? '');
    const token = Buffer.from(this.token);
    if (given.length !== token.length || !timingSafeEqual(given, token)) {
      return { status: 403, text: 'the address needs its token: use the one that was printed' };
    }
    return null;
  }

  /**
   * Where it listens on all addresses, any of them is right, but no name.
   * @param {string} host
   */
  #isAnyAddress(host) {
    const isOnAll = this.hosts.includes('0.0.0.0') || this.hosts.includes('::');
    return isOnAll && net.isIP(host) !== 0;
  }

  /**
   * @param {string} name  '': the first
   * @param {Request} request
   * @param {Response} response
   */
  #watch(name, request, response) {
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' });
    const viewer = { response, process: name, sent: '' };
    this.viewers.add(viewer);
    request.on('close', () => this.viewers.delete(viewer));
    this.#look();
  }

  #look() {
    if (this.viewers.size === 0) return;
    const present = readPresent(this.folder);
    const processes = present.map(({ name }) => name);
    /** By process, however many look at it. @type {Map<string | undefined, string>} */
    const states = new Map();
    const stateOf = (/** @type {string | undefined} */ name) =>
      JSON.stringify({
        processes,
        process: name,
        report: lastReport(present.find((each) => each.name === name)?.recording),
      });
    for (const viewer of this.viewers) {
      const name = viewer.process === '' ? processes[0] : viewer.process;
      const state = states.get(name) ?? stateOf(name);
      states.set(name, state);
      if (state === viewer.sent) continue;
      viewer.sent = state;
      viewer.response.write(`data: ${state}\n\n`);
    }
  }

  #keepAlive() {
    for (const { response } of this.viewers) response.write(':\n\n');
  }

  /**
   * @param {string} name
   * @param {string} ask
   * @param {Response} response
   */
  async #ask(name, ask, response) {
    const isPresent = readPresent(this.folder).some((each) => each.name === name);
    if (!isPresent) return send(response, 404, 'no such process');
    if (this.asked.has(name)) return send(response, 409, 'it is still busy with the last request');
    this.asked.add(name);
    try {
      const mailbox = new Mailbox(this.folder, name);
      const id = ++this.lastId;
      mailbox.ask({ id, ask });
      const until = Date.now() + ANSWER_WITHIN_MS;
      let found = null;
      while (found === null && Date.now() < until && this.server.listening) {
        await pause(LOOK_MS / 5);
        found = mailbox.answerTo(id);
      }
      if (found === null) send(response, 504, 'it has not answered: it is busy, stopped or gone');
      else if (found.error !== undefined) send(response, 422, found.error);
      else send(response, 200, JSON.stringify(found.answer ?? null), 'application/json');
    } finally {
      this.asked.delete(name);
    }
  }
}

/** @param {string | undefined} recording */
function lastReport(recording) {
  if (recording === undefined) return null;
  try {
    return readLast(recording).report;
  } catch {
    // Its file is gone.
    return null;
  }
}

/**
 * @param {Response} response
 * @param {number} status
 * @param {string} text
 * @param {string} [type]
 */
function send(response, status, text, type = 'text/plain') {
  response.writeHead(status, { ...HEADERS, 'Content-Type': `${type}; charset=utf-8` });
  response.end(text.endsWith('\n') ? text : `${text}\n`);
}

exports.Dashboard = Dashboard;
exports.parseAddress = parseAddress;
