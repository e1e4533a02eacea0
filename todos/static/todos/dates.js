/** Due dates as text, formatted as in `todos/dates.py`. The API writes them in ISO 8601, like 2030-01-31. */

const DAYS_WITH_HEADINGS = 7; // days ahead

/**
 * Return the date of today plus this number of days, in the browser's time zone.
 *
 * @param {number} offset
 */
export function isoDate(offset) {
  const now = new Date();
  const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
}

/**
 * Format a due date relative to today. That of a completed to-do is only a date.
 *
 * @param {string} due
 */
export function formatDueDate(due, isCompleted = false) {
  if (isCompleted) return formatDate(due);
  if (due < isoDate(0)) return `Overdue: ${due === isoDate(-1) ? "yesterday" : formatDate(due)}`;
  return { [isoDate(0)]: "Today", [isoDate(1)]: "Tomorrow" }[due] ?? formatDay(due);
}

/**
 * Format a date with its day of the week.
 *
 * @param {string} iso
 */
function formatDay(iso) {
  return `${name(iso, { weekday: "short" })}, ${formatDate(iso)}`;
}

/**
 * Return whether the heading of a date names this day, and not a period.
 *
 * @param {string} due
 */
export function hasOwnHeading(due) {
  return due >= isoDate(0) && due <= isoDate(DAYS_WITH_HEADINGS);
}

/**
 * Return the heading under which a list by due date shows a date. Each of the coming seven days has a heading of its
 * own, and so has each later month.
 *
 * @param {string} due
 */
export function groupHeading(due) {
  if (due < isoDate(0)) return "Overdue";
  const [date, lastDay] = [toDate(due), toDate(isoDate(DAYS_WITH_HEADINGS))];
  if (hasOwnHeading(due)) {
    return (
      { [isoDate(0)]: "Today", [isoDate(1)]: "Tomorrow" }[due] ??
      `${name(due, { weekday: "long" })}, ${formatDate(due)}`
    );
  }
  const month = name(due, { month: "long" });
  if (date.getFullYear() === lastDay.getFullYear() && date.getMonth() === lastDay.getMonth()) {
    return `Later in ${month}`;
  }
  return date.getFullYear() === new Date().getFullYear() ? month : `${month} ${date.getFullYear()}`;
}

/**
 * Format a date without the year if that is the current one.
 *
 * @param {string} iso
 */
function formatDate(iso) {
  const date = toDate(iso);
  const text = `${date.getDate()} ${name(iso, { month: "short" })}`;
  return date.getFullYear() === new Date().getFullYear() ? text : `${text} ${date.getFullYear()}`;
}

/**
 * Return the name of a month or day. Whole dates in British English differ between versions of browsers.
 *
 * @param {string} iso
 * @param {Intl.DateTimeFormatOptions} options
 */
function name(iso, options) {
  return toDate(iso).toLocaleDateString("en-US", options);
}

/** @param {string} iso */
function toDate(iso) {
  const [year, month, day] = iso.split("-").map(Number);
  return new Date(year, month - 1, day);
}
