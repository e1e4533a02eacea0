/**
 * Reordering of the list: by dragging a row at its grip, by the arrow keys on the grip, or by Alt with the arrow keys
 * anywhere in the row.
 */

import { find } from "../progress/dom.js";
import { sendChange } from "./changes.js";
import { scrollNearEdges, uncoveredHeight } from "./edge-scrolling.js";
import { pathOf, todoId } from "./rows.js";

/** @typedef {(subject: string, message: string) => void} Announce */
/**
 * @typedef {object} Move
 * @property {HTMLElement} neighbour the row that the moved row was put next to
 * @property {boolean} isBefore whether it was put before the neighbour, not after it
 * @property {Element | null} previous the row before the old position, or null at the start of the list
 * @property {Announce} announce
 */

/** @type {HTMLElement | null} */
let draggedRow = null;

export const isDragging = () => draggedRow !== null;

/**
 * @param {HTMLElement} list
 * @param {Announce} announce announces the new position to screen readers
 */
export function enableMoving(list, announce) {
  list.addEventListener("keydown", (event) => moveByKey(event, announce));
  list.addEventListener("pointerdown", (event) => {
    const grip = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".grip"));
    const row = /** @type {HTMLElement | null | undefined} */ (grip?.closest("li"));
    if (grip && row && !event.button && !isDragging()) drag(grip, row, event.pointerId, announce);
  });
}

/**
 * @param {KeyboardEvent} event
 * @param {Announce} announce
 */
function moveByKey(event, announce) {
  const target = /** @type {HTMLElement} */ (event.target);
  const row = /** @type {HTMLElement | null} */ (target.closest(".todo-list > li"));
  const isBefore = event.key === "ArrowUp";
  if (!row || row.classList.contains("editing") || !(isBefore || event.key === "ArrowDown")) return;
  if (!row.querySelector(".grip")) return; // the list is sorted by due date
  if (!event.altKey && !target.matches(".grip")) return;
  event.preventDefault();
  const previous = row.previousElementSibling;
  const neighbour = /** @type {HTMLElement | null} */ (isBefore ? previous : row.nextElementSibling);
  if (!neighbour) return;
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  putNextTo(row, neighbour, isBefore);
  focused?.focus();
  save(row, { neighbour, isBefore, previous, announce });
}

/**
 * Move the row with the pointer until it is released. Escape, another pointer, `pointercancel`, or leaving or hiding the
 * page cancels the drag: the row returns to its old position, and no request is sent.
 *
 * @param {HTMLElement} grip
 * @param {HTMLElement} row
 * @param {number} pointerId
 * @param {Announce} announce
 */
function drag(grip, row, pointerId, announce) {
  const previous = row.previousElementSibling; // not the next sibling: rows may be appended while the page scrolls
  const listeners = new AbortController();
  /** @type {{ x: number, y: number } | null} the position in the viewport, once the pointer has moved */
  let pointer = null;
  /** @type {HTMLElement | null} the row that the dragged row was put next to */
  let neighbour = null;
  let isBefore = false;

  /**
   * @template {keyof WindowEventMap} Type
   * @param {Type} type
   * @param {(event: WindowEventMap[Type]) => void} handle
   */
  const on = (type, handle) => addEventListener(type, handle, { signal: listeners.signal });

  function follow() {
    const rowBelow = pointer && rowAt(pointer);
    if (!pointer || rowBelow?.parentElement !== row.parentElement || rowBelow === row) return;
    const { top, height } = rowBelow.getBoundingClientRect();
    neighbour = rowBelow;
    isBefore = pointer.y < top + height / 2;
    putNextTo(row, neighbour, isBefore);
  }

  function stop() {
    listeners.abort();
    draggedRow = null;
    row.classList.remove("dragged");
  }

  function cancel() {
    stop();
    putAfter(row, previous);
  }

  draggedRow = row;
  row.classList.add("dragged");
  scrollNearEdges(() => pointer?.y, follow, listeners.signal);
  on("pointermove", (event) => {
    if (event.pointerId !== pointerId) return;
    pointer = { x: event.clientX, y: event.clientY };
    follow();
  });
  on("pointerup", (event) => {
    if (event.pointerId !== pointerId) return;
    stop();
    grip.focus();
    if (neighbour && row.previousElementSibling !== previous) save(row, { neighbour, isBefore, previous, announce });
  });
  on("pointercancel", cancel);
  on("pagehide", cancel);
  addEventListener("visibilitychange", cancel, { signal: listeners.signal }); // bubbles from the document
  on("pointerdown", (event) => event.pointerId !== pointerId && cancel());
  on("keydown", ({ key }) => key === "Escape" && cancel());
}

/**
 * Return the row at this position. Above or below the visible part of the list, use the position at its edge.
 *
 * @param {{ x: number, y: number }} position
 * @returns {HTMLElement | null | undefined}
 */
function rowAt({ x, y }) {
  const clampedY = Math.min(Math.max(y, 0), uncoveredHeight() - 1);
  return document.elementFromPoint(x, clampedY)?.closest(".todo-list > li");
}

/**
 * @param {Element} row
 * @param {Element} neighbour
 * @param {boolean} isBefore
 */
function putNextTo(row, neighbour, isBefore) {
  if (isBefore) neighbour.before(row);
  else neighbour.after(row);
}

/**
 * Move the row after `previous`, or to the start of the list if `previous` is null.
 *
 * @param {Element} row
 * @param {Element | null} previous
 */
function putAfter(row, previous) {
  if (previous) previous.after(row);
  else row.parentElement?.prepend(row);
}

/**
 * Save the position of the row. If the request fails, move the row back to its old position.
 *
 * @param {HTMLElement} row
 * @param {Move} move
 */
async function save(row, { neighbour, isBefore, previous, announce }) {
  const title = find(row, "label").textContent ?? "";
  const ids = [row.id, previous?.id ?? ""]; // not the rows, because an update may replace them during the request
  const rows = [...(row.parentElement?.children ?? [])];
  const position = { [isBefore ? "before" : "after"]: todoId(neighbour) };
  announce(title, `Moved to position ${rows.indexOf(row) + 1} of ${rows.length}`);
  await sendChange(pathOf(row, "move"), position, row.id, () => {
    const [currentRow, currentPrevious] = ids.map((id) => document.getElementById(id));
    if (currentRow) putAfter(currentRow, currentPrevious);
    return true;
  });
}
