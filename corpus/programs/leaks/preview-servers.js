'use strict';

/** Serves each draft for preview on a port of its own; the author closes his window, nobody the server. */

const { once } = require('node:events');
const { get } = require('node:http');
const Koa = require('koa');
const { pace } = require('../../support/pace');

const PREVIEWS_PER_SECOND = 8;

let seen = 0;

class Preview {
  constructor(draft) {
    this.draft = draft;
  }

  async open() {
    const app = new Koa();
    app.use((context) => {
      context.body = `<h1>${this.draft.title}</h1><p>${this.draft.text}</p>`;
    });
    this.server = app.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${this.server.address().port}/`;
  }
}

async function lookAt(draft) {
  const url = await new Preview(draft).open();
  get(url, { agent: false }, (response) => {
    response.resume().once('end', () => {
      seen += 1;
    });
  });
}

pace(PREVIEWS_PER_SECOND, (n) => {
  lookAt({ title: `Draft ${n}`, text: `text of draft ${n} `.repeat(30) });
}).then(() => process.exit(seen > 0 ? 0 : 1));
