/** The order of the list, by dragging a row at its grip, and by Alt with the arrow keys from anywhere in it. */

import { change } from "./changes.js";
import { scrollNearEdges } from "./edge-scrolling.js";

let dragged = null; // the row

export const isDragging = () => dragged !== null;

/** `announce` tells people who listen to the page where the row is now. */
export function letMove(list, announce) {
  list.addEventListener("keydown", (event) => {
    const row = event.target.closest(".todo-list > li");
    const isUp = event.key === "ArrowUp";
    if (!row || row.classList.contains("editing") || !(isUp || event.key === "ArrowDown")) return;
    if (!event.altKey && !event.target.matches(".grip")) return;
    event.preventDefault();
    const other = isUp ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    const focused = document.activeElement;
    const previous = row.previousElementSibling;
    place(row, other, isUp);
    focused.focus();
    drop(row, { other, isBefore: isUp, previous, announce });
  });

  list.addEventListener("pointerdown", (event) => {
    if (event.button || isDragging() || !event.target.matches(".grip")) return;
    drag(event.target, event.target.closest("li"), event.pointerId, announce);
  });
}

/**
 * Move the row with the pointer until it is released. Escape, a second touch, the browser (`pointercancel`) and leaving
 * the page put the row back without a request.
 */
function drag(grip, row, pointerId, announce) {
  const previous = row.previousElementSibling; // not the next one: rows may be appended while the page scrolls
  const listening = new AbortController();
  let pointer = null; // its position in the viewport, once it has moved
  let neighbour = null; // the row that it was put next to, and on which side
  let isBefore = false;
  const on = (type, handle) => addEventListener(type, handle, { signal: listening.signal });
  const follow = () => {
    const over = rowAt(pointer);
    if (!over || over === row) return;
    const { top, height } = over.getBoundingClientRect();
    neighbour = over;
    isBefore = pointer.y < top + height / 2;
    place(row, neighbour, isBefore);
  };
  const stop = () => {
    listening.abort();
    dragged = null;
    row.classList.remove("dragged");
  };
  const back = () => {
    stop();
    placeAfter(row, previous);
  };
  dragged = row;
  row.classList.add("dragged");
  scrollNearEdges(() => pointer?.y, follow, listening.signal);
  on("pointermove", (event) => {
    if (event.pointerId !== pointerId) return;
    pointer = { x: event.clientX, y: event.clientY };
    follow();
  });
  on("pointerup", (event) => {
    if (event.pointerId !== pointerId) return;
    stop();
    grip.focus();
    if (neighbour && row.previousElementSibling !== previous) {
      drop(row, { other: neighbour, isBefore, previous, announce });
    }
  });
  for (const type of ["pointercancel", "pagehide", "visibilitychange"]) on(type, back);
  on("pointerdown", (event) => event.pointerId !== pointerId && back());
  on("keydown", ({ key }) => key === "Escape" && back());
}

/** Return the row at this position. A mouse outside of the window counts as one at its edge. */
function rowAt({ x, y }) {
  const inside = Math.min(Math.max(y, 0), innerHeight - 1);
  return document.elementFromPoint(x, inside)?.closest(".todo-list > li");
}

function place(row, other, isBefore) {
  other.parentElement.insertBefore(row, isBefore ? other : other.nextElementSibling);
}

/** Move the row after this one, or to the start of the list if that is null. */
function placeAfter(row, previous) {
  if (previous) previous.after(row);
  else row.parentElement?.prepend(row);
}

/** Save the position of the row; if that fails, move the row back to its old position, after `previous`. */
async function drop(row, { other, isBefore, previous, announce }) {
  const title = row.querySelector("label").textContent;
  const ids = [row.id, previous?.id]; // a row that is replaced loses its id
  const rows = [...row.parentElement.children];
  const wanted = { [isBefore ? "before" : "after"]: other.id.replace("todo-", "") };
  announce(title, `${rows.indexOf(row) + 1} of ${rows.length}`);
  await change(`${row.querySelector(".open").pathname}move/`, wanted, row.id, () => {
    const [now, then] = ids.map((id) => document.getElementById(id));
    if (now) placeAfter(now, then);
    return true;
  });
}
