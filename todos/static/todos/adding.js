/**
 * Adding a to-do. Its row appears immediately, as pending, and the saved row replaces it. If the request fails, the
 * row is removed and its text returns to the field. If the field is in use, the row stays and shows the error.
 */

import { find, findById, instantiate } from "../progress/dom.js";
import { showError, trySending } from "./changes.js";
import { formatDueDate, groupHeading, hasOwnHeading, isoDate } from "./dates.js";
import { placePending } from "./groups.js";
import { createPreviewReader, showPreview } from "./preview.js";

const DATE_FILTERS = ["today", "upcoming"]; // lists with a heading for each group of dates

let pendingCount = 0; // for the ids of pending rows

/**
 * @param {HTMLFormElement} form
 * @param {string} api
 */
export function enableAdding(form, api) {
  const title = find(form, "[name=title]", HTMLInputElement);
  const asTyped = find(form, "[name=as_typed]", HTMLInputElement);
  const preview = find(form, ".date-preview");
  const updatePreview = showPreview(title, preview, createPreviewReader(api));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = { title: title.value, as_typed: asTyped.checked ? "true" : "" };
    if (!values.title.trim()) return;
    const row = createRow(values.title.trim(), asTyped.checked ? null : preview);
    form.querySelector(".failed")?.remove();
    title.value = "";
    asTyped.checked = false;
    updatePreview();
    add(values, row);
  });

  /**
   * @param {{ title: string, as_typed: string }} values
   * @param {HTMLElement | null} row
   */
  async function add(values, row) {
    const error = await trySending(form.getAttribute("action") ?? "", values, () => row?.remove());
    if (!error) return;
    if (title.value) {
      showError(error, row?.id ?? form.id, () => add(values, row)); // the next title is being typed
      return;
    }
    row?.remove();
    showOrHideEmptyList();
    title.value = values.title;
    asTyped.checked = Boolean(values.as_typed);
    updatePreview();
    showError(error, form.id, () => form.requestSubmit());
  }
}

/**
 * Insert a pending row. Return null if the list may not show the to-do.
 *
 * @param {string} typed
 * @param {HTMLElement | null} preview the date that was found in the text, unless it is kept as typed
 */
function createRow(typed, preview) {
  const form = findById("todo-form", HTMLFormElement);
  const [filter, q] = ["filter", "q"].map((name) => find(form, `[name=${name}]`, HTMLInputElement).value);
  const { title, due = defaultDue(filter) } = readPreview(typed, preview);
  if (q || !isInList(filter, due)) return null;
  const row = instantiate(findById("pending-row", HTMLTemplateElement));
  row.id = `pending-${(pendingCount += 1)}`;
  const isByDate = DATE_FILTERS.includes(filter);
  if (isByDate) row.dataset.group = groupHeading(due);
  find(row, "label").textContent = title;
  showDue(find(row, ".due", HTMLTimeElement), due, isByDate);
  placePending(row, due);
  showOrHideEmptyList();
  return row;
}

/**
 * Split a text into the title and the date that the preview has found at its end.
 *
 * @param {string} typed
 * @param {HTMLElement | null} preview
 * @returns {{ title: string, due?: string }}
 */
function readPreview(typed, preview) {
  const time = preview?.querySelector("time");
  const phrase = time?.dataset.phrase ?? "";
  if (!time || !typed.endsWith(phrase)) return { title: typed }; // the preview is older than the text
  return { title: typed.slice(0, -phrase.length).trim(), due: time.dateTime };
}

/** @param {string} filter */
function defaultDue(filter) {
  return { today: isoDate(0), upcoming: isoDate(1) }[filter] ?? "";
}

/**
 * @param {string} filter
 * @param {string} due
 */
function isInList(filter, due) {
  if (filter === "today") return due <= isoDate(0);
  return filter === "upcoming" ? due > isoDate(0) : filter !== "completed";
}

/**
 * @param {HTMLTimeElement} time
 * @param {string} due
 * @param {boolean} isByDate whether the list has headings
 */
function showDue(time, due, isByDate) {
  if (!due) return time.remove();
  time.dateTime = due;
  time.append(formatDueDate(due));
  time.classList.toggle("today", due === isoDate(0));
  return time.classList.toggle("in-heading", isByDate && hasOwnHeading(due));
}

/** Show the list with its footer, or a message if it is empty. */
export function showOrHideEmptyList() {
  const isEmpty = findById("todo-count").dataset.total === "0" && !findById("list").querySelector(".pending");
  findById("todos-main").hidden = findById("todos-footer").hidden = isEmpty;
  findById("no-todos").hidden = !isEmpty;
}
