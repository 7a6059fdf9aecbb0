'use strict';

/** `leakguard doctor`: does leakguard work here, and what would stand in its way? */

const { Monitor } = require('../monitor');
const { ENVIRONMENT, readOptions } = require('../options');
const { exitCodes } = require('./exit-codes');

/** @typedef {{ name: string, ok: boolean, detail: string }} Check */

/** @returns {Check} */
function checkNative() {
  try {
    const { ledger, leakguard } = new Monitor().report();
    const kib = Math.round(ledger.bytes / 1024);
    return {
      name: 'native addon',
      ok: true,
      detail: `version ${leakguard}, ledger of ${ledger.capacity} subjects in ${kib} KiB`,
    };
  } catch (error) {
    return { name: 'native addon', ok: false, detail: /** @type {Error} */ (error).message };
  }
}

/** @returns {Check} */
function checkHooks() {
  const monitor = new Monitor();
  try {
    monitor.start({ level: 'sites', report: null, failOn: null });
    const { shims } = monitor.report();
    const states = Object.entries(shims);
    return {
      name: 'hooks',
      ok: states.every(([, state]) => state === 'on'),
      detail: states.map(([name, state]) => `${name} ${state}`).join(', '),
    };
  } catch (error) {
    return { name: 'hooks', ok: false, detail: /** @type {Error} */ (error).message };
  } finally {
    monitor.stop();
  }
}

/** @returns {Check} */
function checkEnvironment() {
  /** @type {string[]} */
  const problems = [];
  readOptions({}, process.env, (message) => problems.push(message));
  for (const name of Object.keys(process.env)) {
    if (/^LEAKGUARD(_|$)/.test(name) && !ENVIRONMENT.includes(name)) {
      problems.push(`${name} is not known: known are ${ENVIRONMENT.join(', ')}`);
    }
  }
  const set = ENVIRONMENT.filter((name) => process.env[name]).map(
    (name) => `${name}=${process.env[name]}`,
  );
  return {
    name: 'environment',
    ok: problems.length === 0,
    detail: problems.join('; ') || set.join(' ') || 'no variable is set, defaults apply',
  };
}

/**
 * @param {{ json?: boolean }} options
 * @returns {number} exit code
 */
function doctor({ json }) {
  const node = {
    name: 'Node.js',
    ok: true,
    detail: `${process.version} on ${process.platform}-${process.arch}`,
  };
  const checks = [node, checkNative(), checkHooks(), checkEnvironment()];
  const text = json
    ? JSON.stringify(checks)
    : checks
        .map(({ name, ok, detail }) => `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(14)}${detail}`)
        .join('\n');
  process.stdout.write(`${text}\n`);
  if (checks.every(({ ok }) => ok)) return exitCodes.ok;
  return checks.at(-1)?.ok ? exitCodes.ownFault : exitCodes.badInput;
}

exports.doctor = doctor;
