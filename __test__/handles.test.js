'use strict';

/**
 * Open handles, by type and by the line that makes them: real sockets, servers, files and children,
 * left open or closed. What is made and closed again must not be seen, however much of it there is.
 */

const { expectHealthy, leakguard, lineOf, repeat, startQuick, untilLeak } = require('./ticks');
const assert = require('node:assert/strict');
const childProcess = require('node:child_process');
const dgram = require('node:dgram');
const { once } = require('node:events');
const fs = require('node:fs');
const fsPromises = require('node:fs/promises');
const net = require('node:net');
const path = require('node:path');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');
const { Descriptors } = require('../lib/descriptors');
const { ROOT, runNode, temporaryFolder } = require('./child');

/** The line that the file descriptors of a leak lead to is known where the system shows them. */
const SHOWS_DESCRIPTORS = { skip: process.platform !== 'linux' };
const noop = () => {};

/**
 * @param {string} what
 * @returns {(finding: import('..').Finding) => boolean}
 */
const isAt = (what) => (finding) =>
  finding.kind === 'handles' && finding.what === what && finding.site !== null;
/** @param {import('..').Finding} finding */
const isHandles = ({ kind }) => kind === 'handles';

/**
 * What is to be closed when the test is over.
 * @param {import('node:test').TestContext} t
 */
function disposables(t) {
  /** @type {(() => unknown)[]} */
  const disposals = [];
  t.after(async () => {
    for (const dispose of disposals) await dispose();
  });
  return disposals;
}

/**
 * A server that keeps what it accepts.
 * @param {import('node:test').TestContext} t
 */
async function listen(t) {
  /** @type {Set<import('node:net').Socket>} */
  const accepted = new Set();
  const server = net.createServer((socket) => {
    accepted.add(socket);
    socket.on('error', noop).on('close', () => accepted.delete(socket));
  });
  server.listen(0); // leak: accepted
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of accepted) socket.destroy();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { server, port, accepted };
}

/**
 * @typedef {object} Leak
 * @property {string} what
 * @property {string} marker
 * @property {(disposals: (() => unknown)[], port: number) => unknown} open  one more, kept open
 */
/** @type {Leak[]} */
const LEAKS = [
  {
    what: 'Socket',
    marker: 'leak: connect',
    open(disposals, port) {
      const socket = net.connect(port); // leak: connect
      socket.on('error', noop);
      disposals.push(() => socket.destroy());
    },
  },
  {
    what: 'Server',
    marker: 'leak: listen',
    async open(disposals) {
      const server = net.createServer();
      server.listen(0); // leak: listen
      await once(server, 'listening');
      disposals.push(() => server.close());
    },
  },
  {
    what: 'DatagramSocket',
    marker: 'leak: udp',
    open(disposals) {
      const socket = dgram.createSocket('udp4'); // leak: udp
      socket.bind(0);
      disposals.push(() => socket.close());
    },
  },
  {
    what: 'FSWatcher',
    marker: 'leak: watch',
    open(disposals) {
      const watcher = fs.watch(__dirname); // leak: watch
      disposals.push(() => watcher.close());
    },
  },
  {
    what: 'ChildProcess',
    marker: 'leak: spawn',
    open(disposals) {
      const child = childProcess.spawn('sleep', ['600'], { stdio: 'ignore' }); // leak: spawn
      disposals.push(async () => {
        child.kill('SIGKILL');
        await once(child, 'exit');
      });
    },
  },
];

for (const { what, marker, open } of LEAKS) {
  test(`a ${what} that stays open is a leak of the line that makes it`, async (t) => {
    startQuick(t);
    const { port } = await listen(t);
    const disposals = disposables(t);
    const line = lineOf(__filename, marker);
    // The server's end of each connection stays open as well.
    const isMeant = (/** @type {import('..').Finding} */ finding) =>
      isAt(what)(finding) && finding.site?.line === line;
    const finding = await untilLeak(() => open(disposals, port), isMeant);
    assert.equal(finding.site?.file, __filename);
    assert.ok(finding.count <= disposals.length && finding.count > disposals.length / 2);
    assert.match(finding.title, new RegExp(`open ${what}`));
  });
}

test('threads that stay are a leak of the line that starts them', async (t) => {
  startQuick(t, { floors: { handles: 4 } });
  const disposals = disposables(t);
  // A thread takes long to start, so the floor is low and a step per tick is few.
  const finding = await untilLeak(() => {
    const worker = new Worker('setInterval(() => {}, 1e9)', { eval: true }); // leak: worker
    disposals.push(() => worker.terminate());
  }, isAt('Worker'));
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: worker'));
});

test('accepted connections that stay are a leak of the line that listens', async (t) => {
  startQuick(t);
  const { port } = await listen(t);
  const disposals = disposables(t);
  const connect = () => {
    const socket = net.connect(port);
    socket.on('error', noop);
    disposals.push(() => socket.destroy());
  };
  const line = lineOf(__filename, 'leak: accepted');
  const finding = await untilLeak(connect, (it) => isAt('Socket')(it) && it.site?.line === line);
  assert.equal(finding.site?.file, __filename);
});

/** @type {[name: string, open: (file: string) => unknown][]} */
const OPENERS = [
  ['fs.openSync', (file) => fs.openSync(file, 'w')], // leak: openSync
  ['fs.open', (file) => new Promise((resolve) => fs.open(file, 'w', (_, fd) => resolve(fd)))], // leak: open
  ['fs.promises.open', (file) => fsPromises.open(file, 'w')], // leak: promises.open
  ['fs.createWriteStream', (file) => fs.createWriteStream(file)], // leak: createWriteStream
];

for (const [name, open] of OPENERS) {
  test(
    `files that ${name} opens and nobody closes are a leak of the line that calls it`,
    SHOWS_DESCRIPTORS,
    async (t) => {
      startQuick(t);
      const folder = temporaryFolder(t);
      const disposals = disposables(t);
      const finding = await untilLeak(async (round) => {
        const file = await open(path.join(folder, `${round}`));
        disposals.push(() => (typeof file === 'number' ? fs.closeSync(file) : closeOf(file)));
      }, isAt('file'));
      assert.equal(finding.site?.file, __filename);
      assert.equal(finding.site?.line, lineOf(__filename, `leak: ${name.replace('fs.', '')}`));
    },
  );
}

/** @param {any} file  a FileHandle or a stream */
const closeOf = (file) => ('destroy' in file ? file.destroy() : file.close());

test('a busy server whose connections end is healthy, and so is one that keeps a pool', async (t) => {
  startQuick(t);
  const { port, accepted } = await listen(t);
  const pool = Array.from({ length: 40 }, () => net.connect(port).on('error', noop));
  t.after(() => {
    for (const socket of pool) socket.destroy();
  });
  await expectHealthy(async () => {
    const sockets = Array.from({ length: 20 }, () => net.connect(port).on('error', noop));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (const socket of sockets) socket.destroy();
  }, isHandles);
  assert.ok(accepted.size >= pool.length);
});

test('a leak under a busy server is found: those that are closed do not hide it', async (t) => {
  startQuick(t);
  const { port } = await listen(t);
  const disposals = disposables(t);
  const finding = await untilLeak(async () => {
    const sockets = Array.from({ length: 20 }, () => net.connect(port).on('error', noop));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (const socket of sockets) socket.destroy();
    const kept = net.connect(port); // leak: under churn
    kept.on('error', noop);
    disposals.push(() => kept.destroy());
  }, isAt('Socket'));
  assert.equal(finding.severity, 'leak');
});

test('files that are opened and closed again are healthy', async (t) => {
  startQuick(t);
  await expectHealthy(async () => {
    for (let count = 0; count < 20; count += 1) {
      const file = await fsPromises.open(__filename);
      await file.close();
      fs.closeSync(fs.openSync(__filename));
    }
  }, isHandles);
});

test('a promise of fs.promises.open that is rejected is as unhandled as without us', async (t) => {
  startQuick(t);
  const unhandled = new Promise((resolve) => {
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.once('unhandledRejection', (error) => {
      for (const listener of listeners) process.on('unhandledRejection', listener);
      resolve(error);
    });
  });
  void fsPromises.open(path.join(__dirname, 'no such file'));
  assert.equal(/** @type {any} */ (await unhandled).code, 'ENOENT');
});

test(
  'descriptors are counted by kind and told apart by what they stand for',
  SHOWS_DESCRIPTORS,
  (t) => {
    /** @type {string[]} */
    const links = [];
    const descriptors = new Descriptors(2, ({ link }) => links.push(link));
    descriptors.tick();
    const { file } = descriptors.counts;
    const folder = temporaryFolder(t);
    const name = path.join(folder, 'a');
    descriptors.note(name, 7);
    const one = fs.openSync(name, 'w');
    // Known ones are asked again in turn: often enough for all to have had theirs.
    const look = () => {
      for (let turn = 0; turn < 256; turn += 1) descriptors.tick();
    };
    look();
    assert.equal(descriptors.counts.file, file + 1);
    assert.equal(links.at(-1), name);
    const known = [...descriptors.table.values()].find(({ link }) => link === name);
    assert.equal(known && descriptors.siteOf(known), 7);

    // The same number for another file is another descriptor.
    fs.closeSync(one);
    const two = fs.openSync(path.join(folder, 'b'), 'w');
    assert.equal(two, one);
    look();
    assert.equal(known?.open, false);
    assert.equal(links.at(-1), path.join(folder, 'b'));
    assert.equal(descriptors.counts.file, file + 1);
    const died = descriptors.died.file;
    assert.ok(descriptors.born.file > 0, 'it has been open for long enough');
    fs.closeSync(two);
    look();
    assert.ok(descriptors.died.file > died);
    assert.equal(descriptors.counts.file, file);
  },
);

test(
  'openers of the last paths are remembered, and older ones are forgotten',
  SHOWS_DESCRIPTORS,
  () => {
    const descriptors = new Descriptors(1, noop);
    const siteOf = (/** @type {number} */ index) =>
      descriptors.siteOf(/** @type {any} */ ({ link: `/folder/${index}` }));
    for (let index = 0; index < 4096; index += 1) descriptors.note(`/folder/${index}`, 3);
    assert.equal(siteOf(0), 3, 'the last that has room');
    descriptors.note('/folder/4096', 3);
    assert.equal(siteOf(0), 0, 'the first that had to go');
    assert.equal(siteOf(4096), 3);
  },
);

test('after stop nothing listens to the channels of Node any more', async (t) => {
  const { hasSubscribers } = require('node:diagnostics_channel');
  leakguard.stop();
  const names = ['net.client.socket', 'net.server.socket', 'udp.socket', 'child_process'];
  const before = names.map(hasSubscribers);
  startQuick(t);
  assert.deepEqual(
    names.map(hasSubscribers),
    names.map(() => true),
  );
  await repeat(noop, 2);
  leakguard.stop();
  assert.deepEqual(names.map(hasSubscribers), before);
});

test('fs/promises is not loaded for its hook, and hooked once the host has loaded it', async () => {
  const source = `
    const leakguard = require(${JSON.stringify(ROOT)});
    leakguard.start({ interval: 10 });
    const before = process.moduleLoadList.includes('NativeModule internal/fs/promises');
    const { open } = require('node:fs/promises');
    const timer = setInterval(() => {
      if (require('node:fs/promises').open === open) return;
      clearInterval(timer);
      leakguard.stop();
      console.log(before, require('node:fs/promises').open === open);
    }, 10);`;
  const { stdout, stderr } = await runNode(['-e', source]);
  assert.deepEqual([stdout, stderr], ['false true\n', '']);
});
