/** The preview of a due date at the end of a title, while the title is being typed. */

import { find } from "../progress/dom.js";
import { request } from "../progress/request.js";
import { formatDueDate } from "./dates.js";

/** @typedef {{ due_on: string | null, phrase: string }} Preview the response of /todos/preview/ */
/** @typedef {(query: URLSearchParams) => Promise<Preview>} PreviewReader */

const TYPING_PAUSE_MS = 150;

/**
 * Show in `box`, an instance of _date_preview.html, the due date that the API finds in the line in `input`.
 *
 * `isQuickAdd` returns whether the line will be sent as a quick-add line at all. The returned function updates the
 * preview without waiting for a pause in typing. The preview ends when `box` is removed from the page.
 *
 * @param {HTMLInputElement} input
 * @param {HTMLElement} box
 * @param {PreviewReader} read
 */
export function showPreview(input, box, read, isQuickAdd = () => true) {
  const [text, choice] = [".previewed-date", ".as-typed"].map((selector) => find(box, selector));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function update() {
    clearTimeout(timer);
    const line = input.value;
    const isNeeded = line.trim() && isQuickAdd();
    const preview = isNeeded ? await read(queryOf(line)).catch(() => null) : null; // the title can be saved without it
    if (input.value !== line) return;
    draw(text, preview);
    // The box is hidden already, but TodoMVC's tests expect one label in a row.
    if (!text.firstChild) choice.remove();
    else if (!choice.isConnected) box.append(choice);
  }

  function updateSoon() {
    clearTimeout(timer);
    if (box.isConnected) timer = setTimeout(update, TYPING_PAUSE_MS);
    else input.removeEventListener("input", updateSoon);
  }

  input.addEventListener("input", updateSoon);
  update();
  return update;
}

/**
 * Return a function that requests previews from an API of the same origin.
 *
 * @param {string} api
 * @returns {PreviewReader}
 */
export function createPreviewReader(api) {
  return async (query) => (await request(`${api}/todos/preview/?${query}`)).json();
}

/** Return the time zone of the browser, in which "today" is meant. */
export const timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

/** @param {string} line */
function queryOf(line) {
  return new URLSearchParams({ quick_add: line, time_zone: timeZone() });
}

/**
 * Set only a new text, because a screen reader announces each text that is set.
 *
 * @param {HTMLElement} text
 * @param {Preview | null} preview
 */
function draw(text, preview) {
  if (!preview?.due_on) return text.replaceChildren();
  const date = formatDueDate(preview.due_on);
  const time = Object.assign(document.createElement("time"), { dateTime: preview.due_on, textContent: date });
  time.dataset.phrase = preview.phrase;
  const [start, end] = ["Due ", `, from “${preview.phrase}”.`].map(hiddenText);
  if (text.textContent !== `${start.textContent}${date}${end.textContent}`) text.replaceChildren(start, time, end);
  return undefined;
}

/**
 * Return a text for screen readers: others see the phrase in the field.
 *
 * @param {string} textContent
 */
function hiddenText(textContent) {
  return Object.assign(document.createElement("span"), { className: "visually-hidden", textContent });
}
