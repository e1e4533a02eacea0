/**
 * Keyboard shortcuts. The dialog that explains them is also the table of them: the keys in each <dt> of its first list
 * are handled. The second list only explains the keys of the viewer of files.
 *
 * A shortcut activates an element of the page, or the link in its <dd> if the page has no such element:
 * - `data-shortcut="n"` marks the element for the key n: a field gets the focus, anything else is clicked.
 * - `data-shortcut-rows` of a list is the selector of its rows, and `data-shortcut-focus` that of the control in a row
 *   that j and k focus. `data-shortcut-x` is the selector of the control for the key x in the row that has the focus.
 */

import { find, findById } from "../progress/dom.js";

const SEQUENCE_MS = 1500; // between the two keys of a shortcut such as "g t"
const NOT_TYPED_INTO = "[type=checkbox], [type=radio], [type=button], [type=submit], [type=file]";
const STEPS = /** @type {Record<string, number>} */ ({ j: 1, k: -1 });

const dialog = findById("shortcuts", HTMLDialogElement);
/** @type {Map<string, HTMLElement | null>} links by keys */
const shortcuts = new Map();
for (const { textContent, nextElementSibling } of find(dialog, ".keys").querySelectorAll("dt")) {
  shortcuts.set(textContent?.trim() ?? "", nextElementSibling?.querySelector("a") ?? null);
}
let lastKey = { key: "", at: 0 };
let lastIndex = 0; // of the row that had the focus last: the row may be gone

/** @param {KeyboardEvent} event */
function onKeyDown(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = /** @type {HTMLElement} */ (event.target);
  if (isTypedInto(target)) {
    if (event.key === "Escape") leave(/** @type {HTMLInputElement} */ (target));
    return;
  }
  if (document.querySelector(":modal, :popover-open, .menu[open]")) return;
  const keys = keysOf(event);
  if (!shortcuts.has(keys) || (event.repeat && !STEPS[keys])) return;
  const isHandled = STEPS[keys] ? moveFocus(STEPS[keys]) : activate(keys);
  if (isHandled) event.preventDefault();
}

/** @param {HTMLElement} element */
function isTypedInto(element) {
  return element.isContentEditable || element.matches(`textarea, select, input:not(${NOT_TYPED_INTO})`);
}

/**
 * Leave a field that a shortcut has focused. A search is cleared first, as browsers do.
 *
 * @param {HTMLInputElement} field
 */
function leave(field) {
  if (field.dataset.shortcut && !(field.type === "search" && field.value)) field.blur();
}

/**
 * Return the shortcut that this key completes, or the key.
 *
 * @param {KeyboardEvent} event
 */
function keysOf({ key, timeStamp: at }) {
  const sequence = `${lastKey.key} ${key}`;
  const isSequence = shortcuts.has(sequence) && at - lastKey.at < SEQUENCE_MS;
  lastKey = { key, at };
  return isSequence ? sequence : key;
}

/** @returns {{ list: HTMLElement | null, rows: HTMLElement[], index: number }} the index of the row that has the focus, or -1 */
function findRows() {
  const list = /** @type {HTMLElement | null} */ (document.querySelector("[data-shortcut-rows]"));
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(list?.dataset.shortcutRows ?? "none")]);
  return { list, rows, index: rows.findIndex((row) => row.contains(document.activeElement)) };
}

/**
 * Focus the next or the previous row. Return whether there is one.
 *
 * @param {number} step
 */
function moveFocus(step) {
  const { list, rows, index } = findRows();
  const next = index < 0 ? lastIndex : index + step;
  lastIndex = Math.max(0, Math.min(next, rows.length - 1));
  return focusOrClick(rows[lastIndex]?.querySelector(list?.dataset.shortcutFocus ?? ""), true);
}

/**
 * Activate the element for these keys. Return whether there is one.
 *
 * @param {string} keys
 */
function activate(keys) {
  const { list, rows, index } = findRows();
  const selector = list?.getAttribute(`data-shortcut-${keys}`);
  const control = selector ? rows[index]?.querySelector(selector) : document.querySelector(`[data-shortcut="${keys}"]`);
  return focusOrClick(control ?? shortcuts.get(keys));
}

/**
 * Return whether there is an element.
 *
 * @param {Element | null | undefined} element
 */
function focusOrClick(element, isFocused = element instanceof HTMLElement && isTypedInto(element)) {
  if (!(element instanceof HTMLElement)) return false;
  if (isFocused) element.focus();
  else element.click();
  return true;
}

/** Show the dialog. Closing it returns the focus to the element that had it, which must not be in a closed menu. */
function showDialog() {
  const menu = button.closest("details");
  if (menu?.open) menu.querySelector("summary")?.focus();
  dialog.showModal();
}

const button = /** @type {HTMLElement} */ (document.querySelector("[data-shortcut='?']"));
button.hidden = false;
button.addEventListener("click", showDialog);
if ("on" in dialog.dataset) addEventListener("keydown", onKeyDown);
