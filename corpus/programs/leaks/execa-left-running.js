'use strict';

/** Converts texts by a child process that reads its input to the end, which is never announced to it. */

const { once } = require('node:events');
const execa = require('execa');
const { pace } = require('../../support/pace');

const TEXTS_PER_SECOND = 4;

let converted = 0;

/** Reads one line of what the tool makes of a line. The tool ends when its input does. */
async function convert(text) {
  const tool = execa('cat', { buffer: false });
  tool.stdin.write(`${text}\n`);
  const [line] = await once(tool.stdout, 'data');
  converted += line.length;
}

pace(TEXTS_PER_SECOND, (n) => {
  convert(`text number ${n}`);
}).then(() => process.exit(converted > 0 ? 0 : 1));
