/**
 * Deletion without a reload: the card is removed, and a message offers to undo that. The forms are those that a page
 * without this script sends; if a request fails, they are sent in that way.
 */

import { find } from "../progress/dom.js";

/** @import { CardGrid } from "./cards.js" */

const MAX_MESSAGES = 3;

/**
 * @param {CardGrid} cards
 * @param {HTMLElement} messages the live region that contains the messages
 */
export function offerUndo(cards, messages) {
  document.addEventListener("submit", async (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const update = form.matches(".file .delete") ? showDeleted : messages.contains(form) ? showRestored : null;
    if (!update || form.ariaBusy) return;
    event.preventDefault();
    form.ariaBusy = "true";
    try {
      update(form, await send(form));
    } catch {
      form.submit(); // the page in the response shows the error
    }
  });

  /**
   * @param {HTMLFormElement} form
   * @param {string} message
   */
  function showDeleted(form, message) {
    const card = form.closest(".file");
    if (card) cards.remove(card);
    htmx.swap(messages, message, { swapStyle: "beforeend" });
    while (messages.children.length > MAX_MESSAGES) messages.firstElementChild?.remove();
    find(messages, ".undo:last-child button").focus();
  }

  /**
   * @param {HTMLFormElement} form
   * @param {string} card
   */
  function showRestored(form, card) {
    find(cards.insert(card), "h2 a").focus();
    form.closest(".undo")?.remove();
  }
}

/**
 * Send a form as htmx does, and return the fragment of the page that changes.
 *
 * @param {HTMLFormElement} form
 */
async function send(form) {
  const headers = { "HX-Request": "true" };
  const response = await fetch(form.action, { method: "POST", body: new FormData(form), headers });
  if (!response.ok || response.redirected) throw new Error(`${form.action} returned ${response.status}`);
  return response.text();
}
