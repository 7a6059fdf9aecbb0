'use strict';

/** Watches a user's folder with chokidar while he is signed in, and goes on watching when he is not. */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const chokidar = require('chokidar');
const { pace } = require('../../support/pace');

const SESSIONS_PER_SECOND = 10;
const STAY_MS = 500;

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'corpus-folders-'));
process.once('exit', () => fs.rmSync(root, { recursive: true, force: true }));

class Session {
  constructor(user) {
    this.user = user;
    this.changes = [];
    this.folder = path.join(root, user);
  }

  start() {
    fs.mkdirSync(this.folder, { recursive: true });
    this.watcher = chokidar.watch(this.folder, { ignoreInitial: true });
    this.watcher.on('all', (event, file) => this.changes.push(`${event} ${file}`));
    setTimeout(() => this.end(), STAY_MS);
  }

  end() {
    this.watcher.removeAllListeners();
    this.changes = [];
  }
}

pace(SESSIONS_PER_SECOND, (n) => {
  new Session(`user${n}`).start();
}).then(() => process.exit(0));
