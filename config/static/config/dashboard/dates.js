/** Due dates as text. The API writes them in ISO 8601, like 2030-01-31. */

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
  if (due < isoDate(0)) return `Overdue since ${due === isoDate(-1) ? "yesterday" : formatDate(due)}`;
  return { [isoDate(0)]: "Today", [isoDate(1)]: "Tomorrow" }[due] ?? formatDate(due);
}

/** @param {string} iso */
function formatDate(iso) {
  const [year, month, day] = iso.split("-").map(Number);
  const isThisYear = year === new Date().getFullYear();
  return new Date(year, month - 1, day).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    year: isThisYear ? undefined : "numeric",
  });
}
