/**
 * Deletion without a reload: the card is removed, and a message offers to undo that. The forms are those that a page
 * without this script sends; if a request fails, they are sent in that way. The viewer has such a form too.
 *
 * The document receives an event "deleted" when a card has been removed, and "restored", with the URL of the file, when
 * it is shown again.
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
    const update = form.matches(":is(.file, .viewer) .delete")
      ? showDeleted
      : messages.contains(form)
        ? showRestored
        : null;
    if (!update || form.ariaBusy) return;
    event.preventDefault();
    form.ariaBusy = "true";
    try {
      const fragment = await send(form);
      form.ariaBusy = null;
      update(form, fragment);
    } catch {
      form.submit(); // the page in the response shows the error
    }
  });

  /**
   * @param {HTMLFormElement} form
   * @param {string} message
   */
  function showDeleted(form, message) {
    const { pathname } = new URL("..", form.action);
    const card = document.querySelector(`#cards a[href="${pathname}"]`);
    if (card) cards.remove(card);
    showMessage(messages, message);
    if (!form.closest("dialog")) find(messages, ".undo:last-child button").focus();
    document.dispatchEvent(new Event("deleted"));
  }

  /**
   * @param {HTMLFormElement} form
   * @param {string} restored
   */
  function showRestored(form, restored) {
    const link = find(cards.insert(restored), "h2 a", HTMLAnchorElement);
    link.focus();
    form.closest(".undo")?.remove();
    document.dispatchEvent(new CustomEvent("restored", { detail: link.href }));
  }
}

/**
 * Add a message, which the server has rendered, to the region of messages.
 *
 * @param {HTMLElement} messages
 * @param {string} html
 */
export function showMessage(messages, html) {
  htmx.swap(messages, html, { swapStyle: "beforeend" });
  while (messages.children.length > MAX_MESSAGES) messages.firstElementChild?.remove();
}

/**
 * Send a form as htmx does, and return the fragment of the page that changes.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} [submitter] the button, which may have a URL and a value of its own
 */
export async function send(form, submitter) {
  const url = submitter?.getAttribute("formaction") ?? form.action;
  const headers = { "HX-Request": "true" };
  const response = await fetch(url, { method: "POST", body: new FormData(form, submitter), headers });
  if (!response.ok || response.redirected) throw new Error(`${url} returned ${response.status}`);
  return response.text();
}
