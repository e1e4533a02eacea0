/** Several lines that are pasted into the field for a new title. They can become one to-do each. */

import { change } from "./changes.js";

/** Offer to add each line as a to-do of its own. A field has no line breaks, so it has to be asked when text is pasted. */
export function offerSeveral(form) {
  const { title } = form.elements;
  let offer = null;

  title.addEventListener("paste", (event) => {
    withdraw();
    const lines = linesOf(afterPaste(title, event.clipboardData.getData("text/plain")));
    if (lines.length < 2) return;
    const isTooLong = lines.join(" ").length > title.maxLength; // the field would cut off the rest
    if (isTooLong) event.preventDefault();
    show(lines, isTooLong);
  });
  title.addEventListener("input", ({ inputType }) => {
    if (inputType !== "insertFromPaste" && !isSending()) withdraw();
  });
  form.addEventListener("submit", withdraw);

  function show(lines, isTooLong) {
    offer = document.importNode(document.getElementById("several").content.firstElementChild, true);
    const [several, one, cancel] = offer.querySelectorAll("button");
    offer.querySelector(".lines").textContent = `You pasted ${lines.length} lines.`;
    several.textContent = `Add ${lines.length} to-dos`;
    several.addEventListener("click", () => add(lines));
    one.hidden = isTooLong;
    one.addEventListener("click", () => form.requestSubmit());
    cancel.hidden = !isTooLong;
    cancel.addEventListener("click", withdraw);
    form.append(offer);
  }

  async function add(lines) {
    const { action } = offer.dataset;
    const [buttons, asTyped] = [offer.querySelectorAll("button"), offer.querySelector("[name=as_typed]").checked];
    const pasted = title.value;
    for (const button of buttons) button.disabled = true;
    const values = { lines: lines.join("\n"), as_typed: asTyped ? "true" : "" };
    const isAdded = await change(action, values, form.id, () => true); // the offer stays, to be taken again
    for (const button of buttons) button.disabled = false;
    if (!isAdded) return;
    withdraw();
    if (title.value === pasted) title.value = "";
    title.dispatchEvent(new Event("input"));
    title.focus();
  }

  function isSending() {
    return offer?.querySelector("button").disabled;
  }

  function withdraw() {
    offer?.remove();
    offer = null;
  }
}

function afterPaste({ value, selectionStart, selectionEnd }, text) {
  return value.slice(0, selectionStart) + text + value.slice(selectionEnd);
}

function linesOf(text) {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter(Boolean);
}
