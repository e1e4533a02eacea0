/**
 * The side panel of the list, which shows the page of a to-do without leaving the list. Narrow windows follow the link
 * instead. The panel has the URL of that page, so that it can be reloaded. "Back" closes it.
 *
 * It sends the forms of the page as they are and shows the page that the server returns, until that is the list. The
 * row changes by the list's own updates.
 */

import { DialogHistory, isPlainClick } from "../progress/dialog-history.js";
import { find, findById } from "../progress/dom.js";
import { enableDetail } from "./detail.js";

const WIDE = "(min-width: 60rem)";
const NOT_SENT = "The server can't be reached. Check your connection and try again.";
const NOT_LOGGED_IN = "You are no longer logged in. Log in in another tab, then try again here.";

/** @param {HTMLElement} app */
export function enableSidePanel(app) {
  const panel = new SidePanel(findById("side-panel", HTMLDialogElement));
  app.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest("a.open");
    if (!(link instanceof HTMLAnchorElement) || !isPlainClick(event) || !matchMedia(WIDE).matches) return;
    event.preventDefault();
    panel.open(link.href);
  });
}

class SidePanel {
  #dialog;
  #body;
  #history;

  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    this.#dialog = dialog;
    this.#body = find(dialog, ".side-panel-body");
    dialog.addEventListener("submit", (event) => this.#onSubmit(event));
    dialog.addEventListener("click", (event) => this.#onClick(event));
    dialog.addEventListener("cancel", (event) => this.#leave(event));
    this.#history = new DialogHistory(dialog, {
      onClose: () => this.#body.replaceChildren(),
      onForward: () => location.reload(), // the page of the to-do
    });
  }

  /** @param {string} url */
  async open(url) {
    try {
      if (!this.#show(await fetchPage(url))) return location.assign(url);
    } catch {
      return location.assign(url);
    }
    this.#history.open(url);
    const title = find(this.#body, "[name=title]", HTMLInputElement);
    this.#history.replace(url, title.value);
    return title.focus();
  }

  /**
   * Show the to-do of a page. Return false if the page has none.
   *
   * @param {Document} page
   */
  #show(page) {
    const detail = page.getElementById("todo-detail");
    if (!detail) return false;
    this.#body.replaceChildren(document.importNode(detail, true));
    enableDetail(find(this.#body, "#todo-detail"));
    return true;
  }

  /** @param {SubmitEvent} event */
  #onSubmit(event) {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.method === "dialog") return void this.#leave(event);
    event.preventDefault();
    return void this.#send(form, event.submitter);
  }

  /**
   * @param {HTMLFormElement} form
   * @param {HTMLElement | null} submitter
   */
  async #send(form, submitter) {
    const url = form.getAttribute("action") ?? location.href;
    const body = new FormData(form, submitter);
    this.#dialog.ariaBusy = "true";
    try {
      const page = await fetchPage(url, { method: "POST", body });
      if (page.getElementById("todoapp")) this.#history.leave();
      else if (!this.#show(page)) this.#showProblem(messageOf(page));
    } catch {
      this.#showProblem(NOT_SENT);
    } finally {
      this.#dialog.ariaBusy = null;
    }
  }

  /** @param {MouseEvent} event */
  #onClick(event) {
    if (event.target === this.#dialog) return this.#leave(event); // the backdrop
    const isCancel = event.target instanceof Element && event.target.closest("#edit-form a.button");
    if (!isCancel) return;
    event.preventDefault();
    this.#history.leave();
  }

  /**
   * Close the panel. Changes are saved before, which keeps it open if they are invalid.
   *
   * @param {Event} event
   */
  #leave(event) {
    event.preventDefault();
    const form = find(this.#body, "#edit-form", HTMLFormElement);
    if (isChanged(form)) this.#send(form, null);
    else this.#history.leave();
  }

  /** @param {string} message */
  #showProblem(message) {
    const problem = Object.assign(document.createElement("p"), { className: "banner danger", textContent: message });
    problem.role = "alert";
    this.#body.querySelector("[role=alert]")?.remove();
    this.#body.prepend(problem);
  }
}

/**
 * @param {string} url
 * @param {RequestInit} [options]
 */
async function fetchPage(url, options) {
  const response = await fetch(url, options);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** @param {HTMLFormElement} form */
function isChanged(form) {
  return [...form.elements].some(
    (field) =>
      (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) && field.value !== field.defaultValue,
  );
}

/**
 * Return the message of a page that is neither the list nor a to-do: an error, or the form to log in.
 *
 * @param {Document} page
 */
function messageOf(page) {
  if (page.querySelector("[name=password]")) return NOT_LOGGED_IN;
  return page.querySelector(".error, main p")?.textContent ?? NOT_SENT;
}
