/**
 * Sizes and durations as text. `progress/sizes.py` formats sizes in the same way, and one table of cases tests both.
 */

/** The number of decimal places by unit. Each unit is 1000 times the previous one. */
const UNITS = Object.entries({ B: 0, kB: 1, MB: 1, GB: 2, TB: 2 });

/**
 * Format a number of bytes, rounded half up, in the smallest unit in which it is less than 1000.
 *
 * @param {number} bytes
 */
export function formatSize(bytes) {
  let power = 0;
  while (power < UNITS.length - 1 && inUnit(bytes, power) >= 1000) power++;
  return `${inUnit(bytes, power)} ${UNITS[power][0]}`;
}

/**
 * @param {number} bytes
 * @param {number} power of the unit, to the base of 1000
 */
function inUnit(bytes, power) {
  const scale = 10 ** UNITS[power][1];
  return Math.floor((bytes * scale * 2 + 1000 ** power) / (2 * 1000 ** power)) / scale;
}

/** @param {number} seconds */
export function formatDuration(seconds) {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
