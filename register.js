'use strict';

/** For `--require leakguard/register` and `--import leakguard/register`: before any user code. */

require('./index.js');
