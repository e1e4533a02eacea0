/** The page of one to-do: a preview of the due date at the end of a new title. */

import { find, findById } from "../progress/dom.js";
import { createPreviewReader, showPreview } from "./preview.js";

const form = findById("edit-form", HTMLFormElement);
const title = find(form, "[name=title]", HTMLInputElement);
const dueOn = find(form, "[name=due_on]", HTMLInputElement);

/**
 * Return the value that a field had when the form was first shown.
 *
 * @param {HTMLInputElement} field
 */
function initialValue(field) {
  const initial = /** @type {HTMLInputElement | null} */ (form.elements.namedItem(`initial-${field.name}`));
  return initial?.value ?? field.defaultValue;
}

/** A due date in its own field has precedence over one in the title. */
const isQuickAdd = () => title.value.trim() !== initialValue(title) && dueOn.value === initialValue(dueOn);

const reader = createPreviewReader(form.dataset.api ?? "");
const updatePreview = showPreview(title, find(form, ".date-preview"), reader, isQuickAdd);
dueOn.addEventListener("input", updatePreview);
