'use strict';

/**
 * An editor's extension on the events of vscode-jsonrpc. What it listens to for a document is disposed
 * of when the document closes, but stays in the subscriptions of the extension, which live until its end.
 */

const { CancellationTokenSource, Emitter } = require('vscode-jsonrpc/node');
const { pace } = require('../../support/pace');

const DOCUMENTS_PER_SECOND = 30;
const OPEN_DOCUMENTS = 8;

class Workspace {
  constructor() {
    this.changed = new Emitter();
    this.saved = new Emitter();
    this.onDidChange = this.changed.event;
    this.onDidSave = this.saved.event;
  }
}

class Linter {
  constructor(context, workspace, document) {
    this.document = document;
    this.hints = [];
    this.running = null;
    this.listening = [
      workspace.onDidChange((uri) => this.lint(uri), null, context.subscriptions),
      workspace.onDidSave((uri) => this.lint(uri), null, context.subscriptions),
    ];
  }

  lint(uri) {
    if (uri !== this.document.uri) return;
    this.running?.cancel();
    this.running = new CancellationTokenSource();
    this.hints = this.document.lines
      .filter((line) => line.length % 2 === 0)
      .map((line, at) => ({ at, text: `${line}: too even` }));
  }

  dispose() {
    this.running?.dispose();
    for (const listening of this.listening) listening.dispose();
  }
}

function activate(context, workspace) {
  const linters = new Map();
  return {
    didOpen(document) {
      linters.set(document.uri, new Linter(context, workspace, document));
    },
    didClose(uri) {
      linters.get(uri).dispose();
      linters.delete(uri);
    },
  };
}

const context = { subscriptions: [] };
const workspace = new Workspace();
const extension = activate(context, workspace);
const open = [];

pace(DOCUMENTS_PER_SECOND, (n) => {
  const uri = `file:///src/part-${n}.ts`;
  const lines = Array.from({ length: 25 }, (_, line) => `const v${line} = ${n * line}`);
  extension.didOpen({ uri, lines });
  open.push(uri);
  workspace.changed.fire(uri);
  workspace.saved.fire(open[0]);
  if (open.length > OPEN_DOCUMENTS) extension.didClose(open.shift());
}).then(() => {
  for (const subscription of context.subscriptions) subscription.dispose();
});
