/**
 * The rows of the list, inserted and removed without htmx. htmx settles every row by itself, searches the page for each
 * id in it and dispatches two events for each element that it removes, which takes seconds with thousands of rows.
 *
 * A row that was changed elsewhere is inserted at its position among the other rows. The focus is kept.
 */

import { find, findById } from "../progress/dom.js";
import { comparePositions, positionOf } from "./ordering.js";

/** @import { Position } from "./ordering.js" */

const BATCH_SIZE = 100; // rows that are removed in one task of the event loop

/** @param {string | null | undefined} id */
const rowById = (id) => (id ? document.getElementById(id) : null);

/** @param {ParentNode} element */
const rowsIn = (element) => /** @type {HTMLElement[]} */ ([...element.querySelectorAll("li[data-version]")]);

/**
 * Return the due date of a row in ISO 8601, or an empty string.
 *
 * @param {HTMLElement} row
 */
export const dueDateOf = (row) => row.querySelector("time")?.dateTime ?? "";

/** @param {HTMLElement} row */
export const todoId = (row) => row.id.replace("todo-", "");

/**
 * Return the path of a change of one to-do, for example "rename".
 *
 * @param {Element} row
 * @param {string} change
 */
export const pathOf = (row, change) => `${find(row, ".open", HTMLAnchorElement).pathname}${change}/`;

/**
 * Return whether a row must not be replaced: it is being edited or dragged, or shows an error.
 *
 * @param {Element | null} row
 */
export function isLocked(row) {
  return row !== null && (row.matches(".editing, .dragged") || row.querySelector(".failed") !== null);
}

/**
 * Replace the whole list.
 *
 * @param {string} html
 */
export function replaceList(html) {
  const fragments = parse(html);
  const rows = takeRows(fragments);
  const options = { afterSwapCallback: () => findById("todo-list").append(...rows) };
  htmx.swap(retire(findById("list"), rows), fragments.innerHTML, { swapStyle: "outerHTML" }, options);
}

/**
 * Insert the rows of the lists and pages that htmx fetches without htmx. A list is replaced by one without rows first.
 */
export function insertRowsWithoutHtmx() {
  onCustomEvent("htmx:beforeSwap", (detail) => {
    if (!detail.shouldSwap || detail.target.id !== "list") return;
    const fragments = parse(detail.serverResponse);
    const rows = takeRows(fragments);
    detail.target = retire(detail.target, rows);
    detail.serverResponse = fragments.innerHTML;
    document.addEventListener("htmx:afterSwap", () => findById("todo-list").append(...rows), { once: true });
  });
  onCustomEvent("htmx:beforeSwap", (detail) => {
    if (!detail.shouldSwap || detail.target.id !== "more") return;
    detail.shouldSwap = false;
    appendPage(detail.serverResponse);
  });
  onCustomEvent("htmx:oobBeforeSwap", (detail) => {
    const list = detail.fragment.firstElementChild;
    if (list?.id !== "todo-list") return;
    const rows = [...list.children];
    retire(detail.target, rows).append(...rows);
    dispatchInserted();
    detail.shouldSwap = false;
  });
}

const isSortedByDue = () => findById("todoapp").dataset.sort === "due";

/** In a list that is sorted by due date, move a row that was added or whose date has changed to its position. */
export function keepSortedByDue() {
  if (!isSortedByDue()) return;
  onCustomEvent("htmx:load", ({ elt }) => {
    if (elt.matches("#todo-list > li")) insertRows([elt]);
  });
}

/**
 * Call a function with the detail of each custom event that reaches the document, as those of htmx.
 *
 * @param {string} type
 * @param {(detail: any, event: Event) => void} handle the details of htmx have no types
 */
export function onCustomEvent(type, handle) {
  document.addEventListener(type, (event) => handle(/** @type {CustomEvent} */ (event).detail, event));
}

/**
 * Replace an element by an empty copy and return the copy. The old rows are removed in batches.
 *
 * @param {HTMLElement} element
 * @param {Element[]} newRows
 */
function retire(element, newRows) {
  for (const { id } of newRows) removeIds(rowById(id));
  const copy = /** @type {HTMLElement} */ (element.cloneNode(false));
  element.before(copy);
  element.classList.add("retired");
  element.removeAttribute("id");
  const rows = rowsIn(element);
  removeAllBut(rows[0]?.parentElement ?? element, element);
  removeInBatches(element, rows);
  return copy;
}

/**
 * Remove everything but the container of the rows from an old list, so that the page has no second count or footer.
 *
 * @param {Element} container
 * @param {Element} list
 */
function removeAllBut(container, list) {
  const parent = container.parentElement;
  if (container === list || !parent) return;
  container.removeAttribute("id");
  for (const child of [...parent.children]) if (child !== container) child.remove();
  removeAllBut(parent, list);
}

/**
 * Remove the ids of an old row: while an id occurs twice, Chromium searches the whole document for it.
 *
 * @param {Element | null} row
 */
function removeIds(row) {
  row?.removeAttribute("id");
  for (const element of row?.querySelectorAll("[id]") ?? []) element.removeAttribute("id");
}

/**
 * @param {Element} list
 * @param {Element[]} rows
 */
function removeInBatches(list, rows) {
  if (rows.length <= BATCH_SIZE) return list.remove();
  for (const row of rows.splice(-BATCH_SIZE)) row.remove();
  setTimeout(removeInBatches, 0, list, rows);
  return undefined;
}

/**
 * Append the rows of the next page. A row that was inserted before its page was fetched moves to its position.
 *
 * @param {string} html
 */
function appendPage(html) {
  const fragments = parse(html);
  const rows = takeRows(fragments).filter(({ id }) => !isLocked(rowById(id)));
  for (const { id } of rows) rowById(id)?.remove();
  findById("todo-list").append(...rows);
  dispatchInserted();
  htmx.swap(findById("more"), fragments.innerHTML, { swapStyle: "outerHTML" });
}

/**
 * Update the rows of these to-dos from a response. Remove the rows of to-dos that the response doesn't contain. Return
 * the ids of the to-dos whose rows were not locked.
 *
 * @param {string} html
 * @param {string[]} ids
 */
export function updateRows(html, ids) {
  const unlocked = ids.filter((id) => !isLocked(rowById(`todo-${id}`)));
  const fragments = parse(html);
  const rows = takeRows(fragments).filter((row) => unlocked.includes(todoId(row)));
  const found = new Set(rows.map(todoId));
  for (const id of unlocked) if (!found.has(id)) removeRow(rowById(`todo-${id}`));
  insertRows(rows.filter((row) => !isOlder(row)));
  htmx.swap(findById("todoapp"), fragments.innerHTML, { swapStyle: "none" });
  return unlocked;
}

/** @param {string} html */
function parse(html) {
  const fragments = document.createElement("template");
  fragments.innerHTML = html;
  return fragments;
}

/**
 * Remove the rows from the fragments, and the list that contains them. Return the rows.
 *
 * @param {HTMLTemplateElement} fragments
 */
function takeRows({ content }) {
  const rows = rowsIn(content);
  for (const row of rows) {
    row.removeAttribute("hx-swap-oob");
    row.remove();
  }
  content.querySelector("ul[hx-swap-oob]")?.remove();
  return rows;
}

/** Report to other scripts that rows were inserted, as htmx does with `htmx:load`. */
function dispatchInserted() {
  document.dispatchEvent(new Event("rowsinserted"));
}

/** Return a function that moves the focus to the same control if the row that has the focus has been replaced. */
export function keepFocus() {
  const control = document.activeElement;
  const id = control?.closest(".todo-list > li")?.id;
  return () => {
    if (!id || document.activeElement !== document.body) return;
    /** @type {HTMLElement | null | undefined} */
    const current = rowById(id)?.querySelector(`.${control?.classList[0]}`);
    current?.focus({ preventScroll: true });
  };
}

/**
 * Return a function that restores the focus if the row has been removed with the focused control: to a control of the
 * row next to it, or to the field for a new title.
 *
 * @param {Element | null} row
 * @param {string} selector of the control
 */
export function keepFocusNear(row, selector) {
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  return () => {
    if (document.activeElement !== document.body) return;
    const control = next?.querySelector(selector) ?? find(document, "#id_title");
    /** @type {HTMLElement} */ (control).focus();
  };
}

/** @param {HTMLElement} row */
function isOlder(row) {
  return Number(row.dataset.version) < Number(rowById(row.id)?.dataset.version ?? 0);
}

/**
 * Insert rows at their positions, from the last row to the first. Rows with the same ids are replaced.
 *
 * @param {HTMLElement[]} newRows
 */
function insertRows(newRows) {
  const ids = new Set(newRows.map(({ id }) => id));
  const others = rowsIn(findById("todo-list")).filter(({ id }) => !ids.has(id));
  const rows = [...others, ...newRows].map((row) => ({ row, ...rowPosition(row) }));
  /** @type {HTMLElement | null} */
  let next = null;
  for (const { row } of rows.sort((a, b) => comparePositions(b, a))) {
    if (!ids.has(row.id) || insert(row, next)) next = row;
  }
  dispatchInserted();
}

/**
 * @param {HTMLElement} row
 * @returns {Position}
 */
function rowPosition(row) {
  const due = isSortedByDue() ? dueDateOf(row) : "";
  return positionOf({ due, order: row.dataset.order, id: todoId(row) });
}

/**
 * Insert a row before another row, or at the end of the list. Return false if the row belongs to a page that has not
 * been fetched.
 *
 * @param {HTMLElement} row
 * @param {HTMLElement | null} next
 */
function insert(row, next) {
  const list = findById("todo-list");
  const old = rowById(row.id);
  if (old === row && row.nextElementSibling === next) return true;
  if (!next && findById("more").querySelector("a") && old !== list.lastElementChild) {
    removeRow(old);
    return false;
  }
  const restoreFocus = keepFocus();
  if (old && old.nextElementSibling === next) {
    old.replaceWith(row);
  } else {
    old?.remove();
    list.insertBefore(row, next);
  }
  restoreFocus();
  return true;
}

/**
 * Remove a row, unless a file is being attached to it. If it has the focus, a row next to it gets the focus.
 *
 * @param {HTMLElement | null} row
 */
function removeRow(row) {
  if (!row || row.querySelector(".sending > *")) return;
  const focused = row.contains(document.activeElement) ? document.activeElement : null;
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  if (!focused) return;
  const control = neighbour?.querySelector(`.${focused.classList[0]}`) ?? find(document, "#id_title");
  /** @type {HTMLElement} */ (control).focus({ preventScroll: true });
}
