/**
 * The rows of the list, inserted and removed without htmx. htmx settles every row by itself, searches the page for each
 * id in it and dispatches two events for each element that it removes, which takes seconds with thousands of rows.
 *
 * A row that was changed elsewhere is inserted at its position among the other rows. The focus is kept.
 */

import { find, findById } from "../progress/dom.js";
import { allRows, appendRows, containerOf, isInCompletedSection, place } from "./groups.js";
import { comparePositions, positionOf } from "./ordering.js";

const LIST_LINKS = "#list :is(.filters, .completed-heading) a";
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
  const options = { afterSwapCallback: () => appendRows(rows) };
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
    const unsaved = detail.target.querySelectorAll(".pending:has(.failed)");
    const restoreFocus = keepFocusOnLink();
    detail.target = retire(detail.target, rows);
    detail.serverResponse = fragments.innerHTML;
    const finish = () => {
      appendRows([...rows, ...unsaved]);
      restoreFocus();
    };
    document.addEventListener("htmx:afterSwap", finish, { once: true });
  });
  onCustomEvent("htmx:beforeSwap", (detail) => {
    if (!detail.shouldSwap || detail.target.id !== "more") return;
    detail.shouldSwap = false;
    appendPage(detail.serverResponse);
  });
  onCustomEvent("htmx:oobBeforeSwap", (detail) => {
    const list = detail.fragment.firstElementChild;
    if (list?.id !== "todo-list") return;
    const rows = rowsIn(list);
    const pendingRows = detail.target.querySelectorAll(".pending");
    for (const row of rows) row.remove();
    retire(detail.target, rows).append(...list.children);
    appendRows([...rows, ...pendingRows]);
    dispatchInserted();
    detail.shouldSwap = false;
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
  removeAllBut(element.querySelector("#todo-list") ?? element, element);
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
  appendRows(rows);
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

/**
 * Show the response to a change of this page. A row that was added appears even if the pages before it have not been
 * fetched.
 *
 * @param {string} html
 */
export function showResponse(html) {
  const fragments = parse(html);
  if (!fragments.content.querySelector("#todo-list")) {
    for (const row of takeRows(fragments)) if (!replaceInPlace(row) && !appendInOrder(row)) insertRows([row]);
    dispatchInserted();
  }
  htmx.swap(findById("todoapp"), fragments.innerHTML, { swapStyle: "none" });
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

/** Return a function that moves the focus to the same link of another list if a link of this list has it. */
function keepFocusOnLink() {
  const link = /** @type {HTMLAnchorElement | null} */ (document.activeElement?.closest(LIST_LINKS));
  if (!link) return () => {};
  const isSame = (/** @type {HTMLAnchorElement} */ { href, ariaExpanded }) =>
    href === link.href || (ariaExpanded && link.ariaExpanded);
  return () => {
    const links = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll(LIST_LINKS)]);
    links.find(isSame)?.focus({ preventScroll: true });
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
  const next = row && neighbourOf(row);
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
  const others = allRows().filter(({ id }) => !ids.has(id));
  const rows = [...others, ...newRows].map((row) => ({ row, ...rowPosition(row) }));
  /** @type {HTMLElement | null} */
  let next = null;
  for (const { row } of rows.sort((a, b) => comparePositions(b, a))) {
    if (!ids.has(row.id) || insert(row, next)) next = row;
  }
  dispatchInserted();
}

/** @param {HTMLElement} row */
function rowPosition(row) {
  const { key = String(isInCompletedSection(row)), order } = row.dataset; // "false" is before "true"
  return positionOf({ key, order, id: todoId(row) });
}

/**
 * Insert a row before another row, or at the end of the list. Return false if the row belongs to a page that has not
 * been fetched.
 *
 * @param {HTMLElement} row
 * @param {HTMLElement | null} next
 */
function insert(row, next) {
  const old = rowById(row.id);
  const isLast = !next || isInCompletedSection(next);
  const isOnOtherPage = isLast && !isInCompletedSection(row) && findById("more").querySelector("a");
  if (isOnOtherPage && old !== rowsIn(findById("todo-list")).at(-1)) {
    removeRow(old);
    return false;
  }
  const restoreFocus = keepFocus();
  if (old && old.nextElementSibling === next && !isMoved(old, row)) {
    old.replaceWith(row);
  } else {
    old?.remove();
    place(row, next);
  }
  restoreFocus();
  return true;
}

/**
 * Return whether two versions of a row have different positions.
 *
 * @param {HTMLElement} old
 * @param {HTMLElement} row
 */
function isMoved(old, row) {
  const hasMoved = ["key", "group", "order"].some((name) => old.dataset[name] !== row.dataset[name]);
  return hasMoved || old.parentElement !== containerOf(row, null);
}

/**
 * Replace the old version of a row. Return false if there is none, or at another position.
 *
 * @param {HTMLElement} row
 */
function replaceInPlace(row) {
  const old = rowById(row.id);
  if (!old || isMoved(old, row)) return false;
  old.replaceWith(row);
  return true;
}

/**
 * Append a new row if its position is at the end. Return false if it isn't.
 *
 * @param {HTMLElement} row
 */
function appendInOrder(row) {
  const last = rowsIn(findById("todo-list")).at(-1);
  if (
    isInCompletedSection(row) ||
    rowById(row.id) ||
    (last && comparePositions(rowPosition(last), rowPosition(row)) > 0)
  ) {
    return false;
  }
  place(row, null);
  return true;
}

/**
 * Return the row after a row, or the one before the last row.
 *
 * @param {Element} row
 */
function neighbourOf(row) {
  const rows = allRows();
  const index = rows.findIndex((other) => other === row);
  return rows[index + 1] ?? rows[index - 1];
}

/**
 * Remove a row, unless a file is being attached to it. If it has the focus, a row next to it gets the focus.
 *
 * @param {HTMLElement | null} row
 */
function removeRow(row) {
  if (!row || row.querySelector(".sending > *")) return;
  const focused = row.contains(document.activeElement) ? document.activeElement : null;
  const neighbour = focused && neighbourOf(row);
  row.remove();
  if (!focused) return;
  const control = neighbour?.querySelector(`.${focused.classList[0]}`) ?? find(document, "#id_title");
  /** @type {HTMLElement} */ (control).focus({ preventScroll: true });
}
