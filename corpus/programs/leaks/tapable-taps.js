'use strict';

/** A build server whose plug-ins tap the shared compiler's hooks for each build. */

const { AsyncSeriesHook, SyncHook } = require('tapable');
const { pace } = require('../../support/pace');

const BUILDS_PER_SECOND = 20;

class Compiler {
  constructor() {
    this.hooks = {
      start: new SyncHook(['build']),
      emit: new AsyncSeriesHook(['build']),
    };
  }

  async run(build) {
    this.hooks.start.call(build);
    build.files = ['main.js', 'main.css'];
    await this.hooks.emit.promise(build);
  }
}

class BannerPlugin {
  constructor(build) {
    this.banners = Array.from({ length: 16 }, (_, chunk) => {
      return `/* chunk ${chunk} of build ${build.id}, started at ${build.startedAt} */`;
    });
  }

  apply(compiler) {
    compiler.hooks.emit.tapPromise('BannerPlugin', async (build) => {
      build.headers = this.banners;
    });
  }
}

const compiler = new Compiler();

pace(BUILDS_PER_SECOND, (n) => {
  const build = { id: n, startedAt: Date.now(), files: [] };
  new BannerPlugin(build).apply(compiler);
  compiler.run(build);
}).then(() => process.exit(0));
