'use strict';

/**
 * A Dockerfile carried out without Docker: in a folder that stands for the working directory of the image, by commands
 * of this machine. Knows the instructions that the documentation uses, and refuses others. What the base image has
 * and who the user is is this machine's.
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/**
 * @typedef {object} Image
 * @property {string} base
 * @property {string[]} command
 * @property {NodeJS.ProcessEnv} env  that it sets
 * @property {string[]} ports  that it names
 */

/**
 * @param {string} text  of the Dockerfile
 * @param {object} options
 * @param {string} options.context  folder of what is copied
 * @param {string} options.folder   that is made, and stands for the working directory
 * @param {NodeJS.ProcessEnv} options.env  what commands have beside what it sets
 * @returns {Image}
 * @throws {Error} where a command fails, or an instruction is none that is known
 */
function carryOut(text, { context, folder, env }) {
  /** @type {Image} */
  const image = { base: '', command: [], env: {}, ports: [] };
  let workdir = folder;
  /** @type {Record<string, (rest: string) => void>} */
  const instructions = {
    FROM(rest) {
      image.base = rest;
    },
    WORKDIR(rest) {
      workdir = rest;
      fs.mkdirSync(folder, { recursive: true });
    },
    COPY(rest) {
      const names = rest.split(' ');
      const to = path.join(folder, `${names.pop()}`);
      for (const name of names) {
        const from = path.join(context, name);
        const isFolder = fs.statSync(from).isDirectory();
        fs.cpSync(from, isFolder ? to : path.join(to, name), { recursive: true });
      }
    },
    RUN(rest) {
      const { status, stdout, stderr } = spawnSync('bash', ['-ec', inFolder(rest)], {
        cwd: folder,
        env: { ...env, ...image.env },
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`RUN ${rest} ended with ${status}\n${stdout}${stderr}`);
    },
    ENV(rest) {
      for (const [, name, quoted, plain] of rest.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)) {
        image.env[name] = inFolder(quoted ?? plain);
      }
    },
    USER() {},
    EXPOSE(rest) {
      image.ports = rest.split(' ');
    },
    CMD(rest) {
      image.command = JSON.parse(rest);
    },
  };
  const inFolder = (/** @type {string} */ value) => value.replaceAll(workdir, folder);
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, instruction, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (!Object.hasOwn(instructions, `${instruction}`)) throw new Error(`not known: ${line}`);
    instructions[instruction](rest);
  }
  return image;
}

exports.carryOut = carryOut;
