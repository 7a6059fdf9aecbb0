'use strict';

/** Loaded in the place of leakguard: what still differs then is the option's doing. */
