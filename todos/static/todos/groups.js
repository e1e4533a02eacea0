/**
 * The lists of rows of a page: one, or one for each heading of a list by due date. A row there names its heading in
 * `data-group`. The list of all to-dos may be followed by one of completed to-dos.
 *
 * The style sheet hides headings without rows.
 */

import { findById } from "../progress/dom.js";

/**
 * Insert a row into its group: before the row that follows it in the whole list, or at the end. Rows that are still
 * being added stay after it.
 *
 * @param {Element} row
 * @param {Element | null} next
 */
export function place(row, next) {
  const list = containerOf(row, next);
  let before = next?.parentElement === list ? next : null;
  const previous = () => (before ? before.previousElementSibling : list.lastElementChild);
  while (previous()?.matches(".pending")) before = previous();
  list.insertBefore(row, before);
}

/**
 * Insert a row that is being added: at the end of its group, or before the rows of the group that are due later.
 *
 * @param {HTMLElement} row
 * @param {string} due
 */
export function placePending(row, due) {
  const rows = /** @type {HTMLElement[]} */ ([...findById("todo-list").querySelectorAll("li[data-key]")]);
  const next = (due && rows.find(({ dataset }) => (dataset.key ?? "") > due)) || null;
  const list = containerOf(row, next);
  list.insertBefore(row, next?.parentElement === list ? next : null);
}

/**
 * Append rows to the list.
 *
 * @param {HTMLElement[]} rows
 */
export function appendRows(rows) {
  for (const row of rows) containerOf(row, null).append(row);
}

/** Return all rows, in their order. */
export function allRows() {
  return /** @type {HTMLElement[]} */ ([
    ...document.querySelectorAll(":is(#todo-list, #completed-list) li[data-version]"),
  ]);
}

/**
 * Return whether a row is in the list of completed to-dos after the others, or belongs there.
 *
 * @param {Element} row
 */
export function isInCompletedSection(row) {
  if (row.parentElement) return row.parentElement.id === "completed-list";
  return row.matches(".completed") && document.getElementById("completed-list") !== null;
}

/**
 * Return the list to which a row belongs. Create its group if necessary.
 *
 * @param {Element} row
 * @param {Element | null} next the row that follows in the whole list
 */
export function containerOf(row, next) {
  if (isInCompletedSection(row)) return findById("completed-list");
  const list = findById("todo-list");
  if (!list.matches(".groups")) return list;
  const name = /** @type {HTMLElement} */ (row).dataset.group ?? "";
  const group = list.querySelector(`section[data-group=${CSS.escape(name)}]`) ?? createGroup(list, name, next);
  return /** @type {HTMLElement} */ (group.querySelector("ul"));
}

/**
 * @param {HTMLElement} list
 * @param {string} name
 * @param {Element | null} next the first row after the group
 */
function createGroup(list, name, next) {
  for (const empty of list.querySelectorAll("section:not(:has(li))")) empty.remove(); // they may be in another order
  const group = document.createElement("section");
  group.dataset.group = name;
  const heading = Object.assign(document.createElement("h2"), { textContent: name });
  group.append(heading, Object.assign(document.createElement("ul"), { className: "todo-list" }));
  list.insertBefore(group, next?.closest("section") ?? null);
  return group;
}
