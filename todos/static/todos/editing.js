/**
 * Editing of a title in its row: Enter and leaving the field save it, Escape doesn't, and an empty title deletes the
 * to-do.
 */

import { find, findById, instantiate } from "../progress/dom.js";
import { sendChange } from "./changes.js";
import { createPreviewReader, showPreview } from "./preview.js";

/**
 * @param {Element | null} element
 * @returns {HTMLElement | null}
 */
const rowOf = (element) => element?.closest(".todo-list > li") ?? null;

/** @param {Element | null} element */
const isEditor = (element) => element?.matches(".edit, .todo-list .as-typed input") ?? false;

/** @param {HTMLElement} row */
const inputOf = (row) => find(row, ".edit", HTMLInputElement);

/** @param {HTMLElement} row */
const labelOf = (row) => find(row, ".view label");

/** @type {WeakMap<HTMLElement, HTMLInputElement>} by row, the checkbox that keeps the title as typed */
const checkboxes = new WeakMap();
const readPreview = createPreviewReader(findById("todoapp").dataset.api ?? "");

/** @param {HTMLElement} row */
function startEditing(row, title = labelOf(row).textContent ?? "", isAsTyped = false) {
  const input = inputOf(row);
  input.value = title;
  row.classList.add("editing");
  addPreview(row, isAsTyped);
  const isFocusElsewhere = !row.contains(document.activeElement) && document.activeElement !== document.body;
  if (isFocusElsewhere) return; // the user has gone on to something else
  input.focus();
  input.setSelectionRange(title.length, title.length);
}

/**
 * @param {HTMLElement} row
 * @param {boolean} isAsTyped
 */
function addPreview(row, isAsTyped) {
  row.querySelector(".date-preview")?.remove();
  const box = instantiate(findById("date-preview", HTMLTemplateElement));
  const [input, label] = [inputOf(row), labelOf(row)];
  input.after(box);
  const checkbox = find(box, "input", HTMLInputElement);
  checkbox.checked = isAsTyped;
  checkboxes.set(row, checkbox);
  box.addEventListener("mousedown", (event) => event.preventDefault()); // so that the field keeps the focus: losing it would save the title
  showPreview(input, box, readPreview, () => input.value.trim() !== label.textContent);
}

/**
 * End editing. Return whether the row was being edited: leaving the field follows the Enter that has ended it.
 *
 * @param {HTMLElement} row
 */
function stopEditing(row) {
  const wasEditing = row.classList.contains("editing");
  row.classList.remove("editing");
  row.querySelector(".date-preview")?.remove();
  return wasEditing;
}

/** @param {HTMLElement} row */
async function save(row) {
  if (!stopEditing(row)) return;
  const isAsTyped = checkboxes.get(row)?.checked ?? false;
  const { id } = row; // an update may replace the row during the request
  const input = inputOf(row);
  const label = labelOf(row);
  const before = label.textContent ?? "";
  const title = input.value.trim();
  if (title === before) return;
  label.textContent = title || before; // shown until the server's row replaces this row
  const restore = () => {
    const currentRow = document.getElementById(id);
    if (!currentRow) return false;
    labelOf(currentRow).textContent = before;
    startEditing(currentRow, title, isAsTyped);
    return true;
  };
  await sendChange(input.dataset.action ?? "", { title, as_typed: isAsTyped ? "true" : "" }, id, restore);
}

/**
 * @param {KeyboardEvent} event
 */
function onKeyDown(event) {
  const target = /** @type {Element} */ (event.target);
  const row = rowOf(target);
  if (!row || event.isComposing) return;
  if (event.key === "F2") startEditing(row);
  if (!isEditor(target) || !["Escape", "Enter"].includes(event.key)) return;
  if (event.key === "Enter") save(row);
  else if (stopEditing(row)) row.querySelector(".failed")?.remove(); // the error of the title that isn't saved
  /** @type {HTMLElement | null} */ (row.querySelector(".grip"))?.focus();
}

/** @param {FocusEvent} event */
function onBlur({ target, relatedTarget }) {
  const [left, entered] = /** @type {(Element | null)[]} */ ([target, relatedTarget]);
  const row = rowOf(left);
  if (row && isEditor(left) && !(isEditor(entered) && rowOf(entered) === row)) save(row);
}

/** @param {HTMLElement} list */
export function enableEditing(list) {
  list.addEventListener("dblclick", ({ target }) => {
    const row = rowOf(/** @type {Element} */ (target));
    if (!row || !(/** @type {Element} */ (target).matches(".view label"))) return;
    /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
    startEditing(row);
  });
  list.addEventListener("keydown", onKeyDown);
  list.addEventListener("blur", onBlur, { capture: true }); // blur doesn't bubble; scripts dispatch it, unlike focusout
}
