/**
 * Editing of a title in its row: Enter and leaving the field save it, Escape doesn't, and an empty title deletes the
 * to-do.
 */

import { find, findById, instantiate } from "../progress/dom.js";
import { pendingChanges, sendChange } from "./changes.js";
import { createPreviewReader, showPreview } from "./preview.js";
import { pathOf } from "./rows.js";

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
  if (!row.querySelector(".edit")) find(row, ".view").after(instantiate(findById("editor", HTMLTemplateElement)));
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
 * Return the row that replaces a pending one, or null if the to-do couldn't be saved.
 *
 * @param {HTMLElement} row
 */
async function savedRow(row) {
  const rows = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".todo-list > li")]);
  const index = rows().indexOf(row);
  await pendingChanges();
  const saved = rows()[index];
  return saved?.id && !saved.matches(".pending") && labelOf(saved).textContent === labelOf(row).textContent
    ? saved
    : null;
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
 * End editing. Return the title in the field, or null if the row was not being edited: leaving the field follows the
 * Enter that has ended it.
 *
 * @param {HTMLElement} row
 */
function stopEditing(row) {
  if (!row.classList.contains("editing")) return null;
  const title = inputOf(row).value.trim();
  row.classList.remove("editing"); // first, because the field loses the focus when it is removed
  for (const element of row.querySelectorAll(".edit, .date-preview")) element.remove();
  return title;
}

/** @param {HTMLElement} row */
async function save(row) {
  const title = stopEditing(row);
  if (title === null) return;
  const isAsTyped = checkboxes.get(row)?.checked ?? false;
  const { id } = row; // an update may replace the row during the request
  const label = labelOf(row);
  const before = label.textContent ?? "";
  if (title === before) return;
  label.textContent = title || before; // shown until the server's row replaces this row
  const restore = () => {
    const currentRow = document.getElementById(id);
    if (!currentRow) return false;
    labelOf(currentRow).textContent = before;
    startEditing(currentRow, title, isAsTyped);
    return true;
  };
  await sendChange(pathOf(row, "rename"), { title, as_typed: isAsTyped ? "true" : "" }, id, restore);
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
  else if (stopEditing(row) !== null) row.querySelector(".failed")?.remove(); // the error of the title that isn't saved
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
  list.addEventListener("dblclick", async (event) => {
    const target = /** @type {Element} */ (event.target);
    const row = rowOf(target);
    if (!row || !target.closest(".view, .pending") || target.closest("a, button, input")) return;
    /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
    const saved = row.matches(".pending") ? await savedRow(row) : row;
    if (saved) startEditing(saved);
  });
  list.addEventListener("keydown", onKeyDown);
  list.addEventListener("blur", onBlur, { capture: true }); // blur doesn't bubble; scripts dispatch it, unlike focusout
}
