'use strict';

/** For `--require leakguard/register` and `--import leakguard/register`: before any user code. */

try {
  require('./index.js');
} catch (error) {
  // Node's permission model lets the file that is loaded first be read, and nothing beside it.
  const { code, resource } = /** @type {{ code?: string, resource?: string }} */ (error);
  if (code !== 'ERR_ACCESS_DENIED') throw error;
  process.emitWarning(
    `leakguard: off, as the permission model does not let it read ${resource}; add --allow-fs-read=${__dirname}/*`,
    { type: 'LeakguardWarning', code: 'LEAKGUARD_PERMISSION' },
  );
}
