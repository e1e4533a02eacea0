/** Figures for people: sizes and durations, rounded to what they want to know. */

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function size(bytes) {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const places = 10 ** (power && 1);
  return `${Math.round((bytes / 1000 ** power) * places) / places} ${UNITS[power]}`;
}

export function duration(seconds) {
  return seconds < 90 ? `${seconds} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
