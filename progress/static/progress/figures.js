/** Figures for people: sizes and durations, rounded to what they want to know. */

const UNITS = [
  ["B", 1],
  ["kB", 10],
  ["MB", 10],
  ["GB", 100],
  ["TB", 100],
]; // each with the smallest part that is shown

/** Rounded half up, in the smallest unit in which it is less than 1000. `progress/sizes.py` formats it the same way. */
export function size(bytes) {
  for (const [power, [unit, scale]] of UNITS.entries()) {
    const rounded = Math.floor((bytes * scale * 2 + 1000 ** power) / (2 * 1000 ** power));
    if (rounded < 1000 * scale || power === UNITS.length - 1) return `${rounded / scale} ${unit}`;
  }
}

export function duration(seconds) {
  return seconds < 90
    ? `${seconds} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : `${Math.round(seconds / 3600)} h`;
}
