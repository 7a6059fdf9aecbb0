'use strict';

/**
 * The one error that means "something this command needs is not there" (exit code 65), as opposed
 * to a fault of its own. Knows no cause: the thrower says what is missing and what would help.
 */

class InputError extends Error {
  /**
   * @param {string} message what is missing
   * @param {string} [detail] the failing tool's own words, several lines
   */
  constructor(message, detail = '') {
    super(message);
    this.name = 'InputError';
    this.detail = detail;
  }
}

module.exports = { InputError };
