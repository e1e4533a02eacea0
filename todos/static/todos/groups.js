/**
 * The groups of a list that has headings: a section for each, with a list of rows. A row names its group in
 * `data-group`. A list without headings contains the rows itself.
 *
 * The style sheet hides groups without rows.
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

/**
 * Return the element that contains the rows of a row's group. Create the group if necessary.
 *
 * @param {Element} row
 * @param {Element | null} next the row that follows in the whole list
 */
function containerOf(row, next) {
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
