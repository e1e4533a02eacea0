/** Days as the API writes them, like 2030-01-31, in words, as seen from the reader's own day. */

/** So many days from today. */
export function day(offset) {
  const now = new Date();
  const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
}

/** A due date in words. That of a completed to-do is a mere date. */
export function inWords(due, isCompleted = false) {
  if (isCompleted) return date(due);
  if (due < day(0)) return `Overdue since ${due === day(-1) ? "yesterday" : date(due)}`;
  return { [day(0)]: "Today", [day(1)]: "Tomorrow" }[due] ?? date(due);
}

function date(due) {
  const [year, month, day] = due.split("-").map(Number);
  const parts = { day: "numeric", month: "short", year: year === new Date().getFullYear() ? undefined : "numeric" };
  return new Date(year, month - 1, day).toLocaleDateString("en-GB", parts);
}
