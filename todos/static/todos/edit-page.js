/** The page of one to-do: a preview of the due date at the end of a new title. */

import { reader, showPreview } from "./preview.js";

const form = document.getElementById("edit-form");
const { title, due_on: due } = form.elements;
const began = (field) => form.elements[`initial-${field.name}`]?.value ?? field.defaultValue;

/** A due date that is set in its own field counts; then the title stays as typed. */
const isQuickAdd = () => title.value.trim() !== began(title) && due.value === began(due);

const update = showPreview(title, form.querySelector(".understanding"), reader(form.dataset.api), isQuickAdd);
due.addEventListener("input", update);
