/**
 * The menu of due dates: one popover for all rows, which the button of a row opens. Escape and a click elsewhere close it,
 * and the focus returns to the button.
 */

import { find, findById } from "../progress/dom.js";
import { sendChange } from "./changes.js";
import { dueDateOf, keepFocusNear, pathOf } from "./rows.js";

/** @typedef {(subject: string, message: string) => void} Announce */

/**
 * @param {HTMLElement} list
 * @param {Announce} announce announces the new date to screen readers
 */
export function enableDueMenu(list, announce) {
  const menu = findById("due-menu");
  const form = find(menu, "form", HTMLFormElement);
  const input = find(form, "[name=due_on]", HTMLInputElement);
  let id = ""; // not the row, because an update may replace it while the menu is open

  list.addEventListener("click", ({ target }) => {
    const button = /** @type {Element} */ (target).closest(".due-button");
    const row = /** @type {HTMLElement | null} */ (button?.closest("li"));
    if (!button || !row) return;
    id = row.id;
    input.value = dueDateOf(row);
    place(menu, button.getBoundingClientRect());
  });

  menu.addEventListener("click", ({ target }) => {
    const button = /** @type {HTMLButtonElement | null} */ (/** @type {Element} */ (target).closest("[type=button]"));
    if (button) save(button.value);
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(input.value);
  });

  menu.addEventListener("toggle", (event) => {
    const isClosed = /** @type {ToggleEvent} */ (event).newState === "closed";
    if (isClosed && document.activeElement === document.body) buttonOf(id)?.focus();
  });

  /** @param {string} dueOn a date, the name of a day, or an empty string for no date */
  async function save(dueOn) {
    menu.hidePopover();
    const row = document.getElementById(id);
    if (!row) return;
    const restoreFocus = keepFocusNear(row, ".due-button");
    const title = find(row, "label").textContent ?? "";
    if (!(await sendChange(pathOf(row, "due"), { due_on: dueOn }, row.id))) return;
    restoreFocus();
    const saved = document.getElementById(row.id);
    announce(title, saved ? (saved.querySelector(".due")?.textContent ?? "No date") : "No longer in this list");
  }
}

/** @param {string} rowId */
function buttonOf(rowId) {
  return /** @type {HTMLElement | null} */ (document.querySelector(`#${rowId} .due-button`));
}

/**
 * Place the menu below the button, or above a button in the lower half of the window. The style sheet places it on
 * narrow screens.
 *
 * @param {HTMLElement} menu
 * @param {DOMRect} button
 */
function place(menu, button) {
  const { clientWidth, clientHeight } = document.documentElement;
  const isAbove = button.bottom > clientHeight / 2;
  const top = button.bottom + scrollY;
  const bottom = clientHeight - button.top - scrollY;
  menu.style.setProperty("--menu-top", isAbove ? "auto" : `${top}px`);
  menu.style.setProperty("--menu-bottom", isAbove ? `${bottom}px` : "auto");
  menu.style.setProperty("--menu-right", `${clientWidth - button.right}px`);
}
