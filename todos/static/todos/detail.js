/** The fields of one to-do: a preview of the due date at the end of a new title. */

import { find } from "../progress/dom.js";
import { createPreviewReader, showPreview } from "./preview.js";

/** @param {HTMLElement} detail an instance of _detail.html */
export function enableDetail(detail) {
  const form = find(detail, "#edit-form", HTMLFormElement);
  const title = find(form, "[name=title]", HTMLInputElement);
  const dueOn = find(form, "[name=due_on]", HTMLInputElement);

  /** A due date in its own field has precedence over one in the title. */
  const isQuickAdd = () => title.value.trim() !== initialValue(title) && dueOn.value === initialValue(dueOn);

  const reader = createPreviewReader(detail.dataset.api ?? "");
  const updatePreview = showPreview(title, find(form, ".date-preview"), reader, isQuickAdd);
  dueOn.addEventListener("input", updatePreview);
}

/**
 * Return the value that a field had when the form was first shown.
 *
 * @param {HTMLInputElement} field
 */
function initialValue(field) {
  const initial = field.form?.elements.namedItem(`initial-${field.name}`);
  return initial instanceof HTMLInputElement ? initial.value : field.defaultValue;
}
