/** The order of the list, by dragging a row at its grip, and by Alt with the arrow keys from anywhere in it. */

import { change } from "./changes.js";

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
    const home = row.nextElementSibling;
    place(row, other, isUp);
    focused.focus();
    drop(row, { other, isBefore: isUp, home, announce });
  });

  list.addEventListener("pointerdown", (event) => {
    if (event.button || !event.target.matches(".grip")) return;
    drag(event.target, event.target.closest("li"), announce);
  });
}

/** Until the pointer is let go. Escape, or the system, may take it back. */
function drag(grip, row, announce) {
  const home = row.nextElementSibling;
  const listening = new AbortController();
  let neighbour = null; // the row that it was put next to, and on which side
  let isBefore = false;
  const on = (type, handle) => addEventListener(type, handle, { signal: listening.signal });
  const stop = () => {
    listening.abort();
    dragged = null;
    row.classList.remove("dragged");
  };
  const back = () => {
    stop();
    row.parentElement.insertBefore(row, home);
  };
  dragged = row;
  row.classList.add("dragged");
  on("pointermove", ({ clientX, clientY }) => {
    const over = document.elementFromPoint(clientX, clientY)?.closest(".todo-list > li");
    if (!over || over === row) return;
    const { top, height } = over.getBoundingClientRect();
    neighbour = over;
    isBefore = clientY < top + height / 2;
    place(row, neighbour, isBefore);
  });
  on("pointerup", () => {
    stop();
    grip.focus();
    if (neighbour && row.nextElementSibling !== home) drop(row, { other: neighbour, isBefore, home, announce });
  });
  on("pointercancel", back);
  on("keydown", ({ key }) => key === "Escape" && back());
}

function place(row, other, isBefore) {
  other.parentElement.insertBefore(row, isBefore ? other : other.nextElementSibling);
}

/** It is where it shall be; if the server can't be told, it goes back to where it was, before `home`. */
async function drop(row, { other, isBefore, home, announce }) {
  const title = row.querySelector("label").textContent;
  const rows = [...row.parentElement.children];
  const wanted = { [isBefore ? "before" : "after"]: other.id.replace("todo-", "") };
  announce(title, `${rows.indexOf(row) + 1} of ${rows.length}`);
  await change(`${row.querySelector(".open").pathname}move/`, wanted, row.id, () => {
    const [now, then] = [row, home].map((element) => document.getElementById(element?.id)); // they may have been replaced
    if (now) now.parentElement.insertBefore(now, then);
    return true;
  });
}
