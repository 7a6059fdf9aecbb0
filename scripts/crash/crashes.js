'use strict';

/**
 * Lets processes die at random moments and asks what they have left: can their recording be read, does it have the
 * last tick, does it have every finding that was told? Knows how they die, not how a recording is written.
 */

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { loadNative } = require('../../lib/native');
const { bareEnvironment } = require('../setup');

const VICTIM = path.join(__dirname, 'victim.js');
const TICK_MS = 10;
/** After its first tick. */
const MAX_DELAY_MS = 900;
const WAYS = /** @type {const} */ (['kill', 'abort', 'heap']);
/** A heap that is full is not full at once. */
const TIME_LIMIT_MS = 120_000;

/** @typedef {typeof WAYS[number]} Way */
/**
 * @typedef {object} Outcome
 * @property {Way} way
 * @property {boolean} ticked    whether there was a tick before its end
 * @property {string | null} fault  why its recording cannot be read
 * @property {number} torn       records that were not whole
 * @property {number} staleTicks  ticks that it said were written and that are not there
 * @property {number} staleMs    from the last tick of the recording to the end
 * @property {number} told       findings
 * @property {string[]} lost     those of them that are not in the recording
 * @property {boolean} nearLimit
 */

/** @param {number} seed */
function randomFrom(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * @param {Way} way
 * @param {number} delayMs
 * @param {string} file  its recording
 * @returns {Promise<Outcome>}
 */
function crash(way, delayMs, file) {
  const flags = way === 'heap' ? ['--max-old-space-size=24'] : [];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, VICTIM, way, `${delayMs}`], {
      env: {
        ...bareEnvironment(),
        LEAKGUARD_RECORDER: file,
        LEAKGUARD_INTERVAL: `${TICK_MS}ms`,
        LEAKGUARD_PATIENCE: '10',
        LEAKGUARD_SENSITIVITY: 'high',
        LEAKGUARD_WARN: '0',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: TIME_LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    let said = '';
    let endedAt = 0;
    child.stdout.setEncoding('utf8').on('data', (text) => {
      if (said === '' && way === 'kill') {
        setTimeout(() => {
          endedAt = Date.now();
          child.kill('SIGKILL');
        }, delayMs);
      }
      said += text;
    });
    child.on('error', reject);
    child.on('exit', () => {
      endedAt ||= Date.now();
    });
    child.on('close', () => resolve(outcomeOf(way, file, said, endedAt)));
  });
}

/**
 * @param {Way} way
 * @param {string} file
 * @param {string} said
 * @param {number} endedAt  epoch ms
 * @returns {Outcome}
 */
function outcomeOf(way, file, said, endedAt) {
  // The last line may be cut.
  const lines = said.split('\n').slice(0, -1);
  const after = (/** @type {string} */ word) =>
    lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length + 1));
  const ticks = Number(after('tick').at(-1) ?? 0);
  const told = [...new Set(after('told'))];
  const outcome = { way, ticked: ticks > 0, told: told.length };
  try {
    const recording = JSON.parse(loadNative().readRecording(file));
    /** @type {Set<string>} */
    const known = new Set(
      recording.findings.map((/** @type {any} */ { finding }) => finding.signature),
    );
    return {
      ...outcome,
      fault: null,
      torn: recording.torn,
      staleTicks: Math.max(0, ticks - recording.tick),
      staleMs: Math.max(0, endedAt - recording.at),
      lost: told.filter((signature) => !known.has(signature)),
      nearLimit: recording.nearLimit !== null,
    };
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    const nothing = { torn: 0, staleTicks: ticks, staleMs: 0, lost: told, nearLimit: false };
    return { ...outcome, fault: message, ...nothing };
  }
}

/**
 * @param {object} options
 * @param {number} options.times
 * @param {readonly Way[]} [options.ways]  in turns
 * @param {number} options.seed
 * @param {number} options.jobs  at once
 * @param {string} options.folder  for recordings
 * @returns {Promise<Outcome[]>}
 */
async function runCrashes({ times, ways = WAYS, seed, jobs, folder }) {
  const random = randomFrom(seed);
  /** @type {Outcome[]} */
  const outcomes = [];
  let next = 0;
  const work = async () => {
    while (next < times) {
      const index = next++;
      const file = path.join(folder, `${index}.leakguard`);
      outcomes.push(await crash(ways[index % ways.length], random() * MAX_DELAY_MS, file));
      fs.rmSync(file, { force: true });
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return outcomes;
}

exports.runCrashes = runCrashes;
exports.WAYS = WAYS;
