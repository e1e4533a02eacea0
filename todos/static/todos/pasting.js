/** Several lines that are pasted into the field for a new title: the user can add each as a to-do of its own. */

import { find, findById, instantiate } from "../progress/dom.js";
import { sendChange } from "./changes.js";

/**
 * Offer to add each pasted line as a to-do. The field itself has no line breaks, so the offer is made when text is
 * pasted.
 *
 * @param {HTMLFormElement} form
 */
export function offerToSplitLines(form) {
  const title = find(form, "[name=title]", HTMLInputElement);
  /** @type {HTMLElement | null} */
  let offer = null;

  title.addEventListener("paste", (event) => {
    withdraw();
    const lines = linesOf(valueAfterPaste(title, event.clipboardData?.getData("text/plain") ?? ""));
    if (lines.length < 2) return;
    const isTooLong = lines.join(" ").length > title.maxLength; // the field would cut off the rest
    if (isTooLong) event.preventDefault();
    show(lines, isTooLong);
  });
  title.addEventListener("input", (event) => {
    const isPaste = /** @type {InputEvent} */ (event).inputType === "insertFromPaste";
    if (!isPaste && !isSending()) withdraw();
  });
  form.addEventListener("submit", withdraw);

  /**
   * @param {string[]} lines
   * @param {boolean} isTooLong
   */
  function show(lines, isTooLong) {
    offer = instantiate(findById("pasted-lines", HTMLTemplateElement));
    const [addAll, addOne, cancel] = buttonsOf(offer);
    find(offer, ".lines").textContent = `You pasted ${lines.length} lines.`;
    addAll.textContent = `Add ${lines.length} to-dos`;
    addAll.addEventListener("click", () => add(lines));
    addOne.hidden = isTooLong;
    addOne.addEventListener("click", () => form.requestSubmit());
    cancel.hidden = !isTooLong;
    cancel.addEventListener("click", withdraw);
    form.append(offer);
  }

  /** @param {string[]} lines */
  async function add(lines) {
    if (!offer) return;
    const buttons = buttonsOf(offer);
    const asTyped = find(offer, "[name=as_typed]", HTMLInputElement).checked;
    const pasted = title.value;
    for (const button of buttons) button.disabled = true;
    const values = { lines: lines.join("\n"), as_typed: asTyped ? "true" : "" };
    const isAdded = await sendChange(offer.dataset.action ?? "", values, form.id, () => true); // the offer stays
    for (const button of buttons) button.disabled = false;
    if (!isAdded) return;
    withdraw();
    if (title.value === pasted) title.value = "";
    title.dispatchEvent(new Event("input"));
    title.focus();
  }

  function isSending() {
    return offer !== null && buttonsOf(offer)[0].disabled;
  }

  function withdraw() {
    offer?.remove();
    offer = null;
  }
}

/** @param {HTMLElement} offer */
function buttonsOf(offer) {
  return [...offer.querySelectorAll("button")];
}

/**
 * @param {HTMLInputElement} field
 * @param {string} text
 */
function valueAfterPaste({ value, selectionStart, selectionEnd }, text) {
  return value.slice(0, selectionStart ?? value.length) + text + value.slice(selectionEnd ?? value.length);
}

/** @param {string} text */
function linesOf(text) {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter(Boolean);
}
