'use strict';

/**
 * Does nothing unless asked, so that one line in a package's script gives an npm script flag:
 * `npm start --leakguard`, `npm start -- --leakguard` or `LEAKGUARD=1 npm start`.
 */

const FLAG = '--leakguard';
const OFF = ['0', 'false'];

const { LEAKGUARD = '', npm_config_leakguard: npmFlag = '' } = process.env;
const isSwitchedOff = OFF.includes(LEAKGUARD);
const at = process.argv.indexOf(FLAG);
if (at !== -1) {
  // Ours, not the application's: its own argument parser must not stumble over it.
  process.argv.splice(at, 1);
  // Workers and children that load this file too have no such argument.
  if (!isSwitchedOff) process.env.LEAKGUARD = '1';
}
const isAsked = at !== -1 || LEAKGUARD !== '' || (npmFlag !== '' && !OFF.includes(npmFlag));
if (isAsked && !isSwitchedOff) require('./index.js');
