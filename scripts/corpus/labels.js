'use strict';

/**
 * What is known of each program of the corpus beforehand. Reads the labels and lists the programs;
 * knows nothing of running or judging them.
 */

const fs = require('node:fs');
const path = require('node:path');

const CORPUS = path.join(__dirname, '..', '..', 'corpus');
const PROGRAM_FOLDERS = ['programs/healthy', 'programs/leaks'];
const PROGRAM_FILE = /\.m?js$/;
/** Relative to the corpus. */
const LABEL_FILE = 'labels.json';

const CLASSES = [
  'listeners',
  'timers',
  'collections',
  'globals',
  'closures',
  'promises',
  'handles',
];
/** The class of a program that does not leak, where classes are counted or chosen. */
const HEALTHY = 'healthy';

/**
 * @typedef {object} Label
 * @property {string} name
 * @property {string} file           relative to the corpus
 * @property {'leak' | 'healthy'} verdict
 * @property {string | null} class   of the leak, one of `CLASSES`
 * @property {string[]} kinds        of a finding that are right, the best first
 * @property {string[]} guilty       packages, and files relative to the corpus
 * @property {string} about          what leaks and why, or why it is healthy
 * @property {string | null} source  where the leak is documented
 */

/** @param {Pick<Label, 'verdict' | 'class'>} label */
function classOf(label) {
  return label.class ?? HEALTHY;
}

/**
 * @param {Label} label
 * @returns {string | undefined} what is wrong with it
 */
function findFault({ name, verdict, kinds, guilty, about, ...label }) {
  if (!['leak', 'healthy'].includes(verdict)) return `verdict '${verdict}'`;
  if (typeof name !== 'string' || name === '') return 'no name';
  if (typeof label.file !== 'string') return 'no file';
  if (typeof about !== 'string' || about === '') return 'no about';
  if (!Array.isArray(kinds) || !Array.isArray(guilty)) return 'kinds and guilty are lists';
  if (verdict === 'healthy') {
    return label.class === null && kinds.length === 0 && guilty.length === 0
      ? undefined
      : 'a healthy program has no class, kinds or guilty';
  }
  if (label.class === null || !CLASSES.includes(label.class)) return `class '${label.class}'`;
  return kinds.length > 0 && guilty.length > 0 ? undefined : 'a leak has kinds and guilty';
}

/** @returns {Label[]} */
function readLabels() {
  /** @type {Label[]} */
  const labels = JSON.parse(fs.readFileSync(path.join(CORPUS, LABEL_FILE), 'utf8'));
  for (const label of labels) {
    const fault = findFault(label);
    if (fault !== undefined) throw new Error(`label ${label.name ?? label.file}: ${fault}`);
  }
  return labels;
}

/** @returns {string[]} relative to the corpus */
function listPrograms() {
  return PROGRAM_FOLDERS.flatMap((folder) =>
    fs
      .readdirSync(path.join(CORPUS, folder))
      .filter((name) => PROGRAM_FILE.test(name))
      .map((name) => path.posix.join(folder, name)),
  );
}

exports.CLASSES = CLASSES;
exports.CORPUS = CORPUS;
exports.HEALTHY = HEALTHY;
exports.classOf = classOf;
exports.findFault = findFault;
exports.listPrograms = listPrograms;
exports.readLabels = readLabels;
