/** The dialog in which the user finds the to-do to which the selected files are attached. */

import { find } from "../progress/dom.js";
import { send } from "./undo.js";

const TYPING_MS = 200;

export class AttachDialog {
  #dialog;
  #body;
  #onAttached;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #searches = 0;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {(message: string) => void} onAttached called with the message of the server
   */
  constructor(dialog, onAttached) {
    this.#dialog = dialog;
    this.#body = find(dialog, ".dialog-body");
    this.#onAttached = onAttached;
    this.#body.addEventListener("submit", (event) => this.#submit(event));
    this.#body.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(), TYPING_MS);
    });
  }

  /**
   * Show the dialog with a form that the server has rendered.
   *
   * @param {string} form
   */
  open(form) {
    this.#searches++; // ignores the response to a search before
    htmx.swap(this.#body, form, { swapStyle: "innerHTML" });
    this.#dialog.showModal();
    find(this.#body, "[type=search]").focus();
  }

  get #form() {
    return find(this.#body, "form", HTMLFormElement);
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const { submitter } = event;
    if (!submitter?.hasAttribute("value")) {
      this.#search();
      return;
    }
    try {
      const message = await send(this.#form, submitter);
      this.#dialog.close();
      this.#onAttached(message);
    } catch {
      this.#showProblem("The files couldn't be attached. Try again, or reload the page.");
    }
  }

  /** Show the to-dos that match the search text, unless the text has changed in the meantime. */
  async #search() {
    const number = ++this.#searches;
    try {
      const page = document.createRange().createContextualFragment(await send(this.#form));
      if (number === this.#searches) this.#showChoices(find(page, ".choices"));
    } catch {
      this.#showProblem("The search failed. Check your connection and try again.");
    }
  }

  /**
   * Show the to-dos that were found, and announce their number instead of all their titles.
   *
   * @param {HTMLElement} choices
   */
  #showChoices(choices) {
    const count = choices.querySelectorAll("li").length;
    const found = count === 1 ? "1 to-do found" : `${count} to-dos found`;
    find(this.#body, ".choices").replaceWith(choices);
    find(this.#body, "[role=status]").textContent = choices.querySelector("p")?.textContent ?? found;
  }

  /** @param {string} text */
  #showProblem(text) {
    find(this.#body, ".choices").textContent = text;
    find(this.#body, "[role=status]").textContent = text;
  }
}
