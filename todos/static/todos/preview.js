/** The preview of a due date at the end of a title, while the title is being typed. */

import { request as ask } from "../progress/request.js";

const PAUSE_MS = 150;

/**
 * Show in `box`, which is an instance of _understanding.html, what the API understands of the line in `input`.
 *
 * `read` takes the query of /todos/preview/ and returns a promise of the JSON. `isQuickAdd` returns whether the line will
 * be sent as a quick-add line at all. The returned function updates the preview without waiting for a pause in typing.
 * The preview ends when `box` is removed from the page.
 */
export function showPreview(input, box, read, isQuickAdd = () => true) {
  const [text, choice] = [".understood", ".as-typed"].map((selector) => box.querySelector(selector));
  let timer;

  async function update() {
    clearTimeout(timer);
    const line = input.value;
    const isNeeded = line.trim() && isQuickAdd();
    const found = isNeeded ? await read(query(line)).catch(() => null) : null; // the title can be saved without it
    if (input.value !== line) return;
    show(text, found);
    if (!text.firstChild) {
      choice.remove();
    } // it is hidden already, but TodoMVC's tests look for one label in a row
    else if (!choice.isConnected) box.append(choice);
  }

  function updateSoon() {
    clearTimeout(timer);
    if (box.isConnected) timer = setTimeout(update, PAUSE_MS);
    else input.removeEventListener("input", updateSoon);
  }

  input.addEventListener("input", updateSoon);
  update();
  return update;
}

/** Return the function `read` for a page of the same origin as the API. */
export function reader(api) {
  return async (query) => (await ask(`${api}/todos/preview/?${query}`)).json();
}

/** The time zone of the browser, in which "today" is meant. */
export const timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

function query(line) {
  return new URLSearchParams({ quick_add: line, time_zone: timeZone() });
}

/** Only a new text is set, because setting it makes a screen reader announce it. */
function show(text, found) {
  if (!found?.due_on) return text.replaceChildren();
  const time = Object.assign(document.createElement("time"), {
    dateTime: found.due_on,
    textContent: day(found.due_on),
  });
  const message = ["Due ", time, `, from “${found.phrase}”.`];
  if (text.textContent !== message.map((part) => part.textContent ?? part).join("")) text.replaceChildren(...message);
}

function day(iso) {
  const [year, month, day] = iso.split("-").map(Number);
  const isThisYear = year === new Date().getFullYear();
  const parts = { weekday: "long", day: "numeric", month: "short", year: isThisYear ? undefined : "numeric" };
  return new Date(year, month - 1, day).toLocaleDateString("en-GB", parts);
}
