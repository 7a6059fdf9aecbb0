'use strict';

/**
 * The least value that a share of all does not exceed (nearest rank).
 * @param {number[]} values  in any order
 * @param {number} share     0 to 1: the median is 0.5
 * @returns {number} NaN of none
 */
function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

exports.quantile = quantile;
