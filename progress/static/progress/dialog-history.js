/**
 * The history of a list with a dialog that shows the page of a row. The dialog has the URL of that page, so that it can
 * be reloaded. "Back" closes the dialog, and closing the dialog goes back.
 */

/**
 * Return whether a click on a link opens it in this window, and no other listener has handled it.
 *
 * @param {MouseEvent} event
 */
export function isPlainClick(event) {
  return !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented);
}

export class DialogHistory {
  #dialog;
  #options;
  #isOpen = false;
  #isLeaving = false;
  #listTitle = document.title;

  /**
   * @param {HTMLDialogElement} dialog which has an id
   * @param {{ onClose: () => void, onForward: (url: string) => void }} options `onClose` is called when the dialog is
   *   closed, and `onForward` when the user goes forward to the URL of the dialog
   */
  constructor(dialog, options) {
    this.#dialog = dialog;
    this.#options = options;
    // The event comes later, when "forward" may have opened the dialog again.
    dialog.addEventListener("close", () => this.#isOpen && !dialog.open && this.leave());
    // Before htmx, which would load the list again.
    addEventListener("popstate", (event) => this.#onPopState(event), { capture: true });
  }

  /**
   * Open the dialog with the URL of a page.
   *
   * @param {string} url
   */
  open(url) {
    this.#isOpen = true;
    if (!this.#isOwn(history.state)) {
      this.#listTitle = document.title;
      history.pushState({ dialog: this.#dialog.id }, "", url);
    }
    this.#dialog.showModal();
  }

  /**
   * Set the URL and the title of the page in the dialog.
   *
   * @param {string} url
   * @param {string} title
   */
  replace(url, title) {
    history.replaceState(history.state, "", url);
    document.title = `${title} · Headway`;
  }

  /** Go back to the list, which closes the dialog. */
  leave() {
    if (!this.#isLeaving) history.back();
    this.#isLeaving = true;
  }

  /** @param {PopStateEvent} event */
  #onPopState(event) {
    if (this.#isOpen) {
      event.stopImmediatePropagation();
      this.#isOpen = this.#isLeaving = false;
      document.title = this.#listTitle;
      this.#dialog.close();
      this.#options.onClose();
    } else if (this.#isOwn(event.state)) {
      event.stopImmediatePropagation();
      this.#options.onForward(document.URL);
    }
  }

  /** @param {{ dialog?: string } | null} state */
  #isOwn(state) {
    return state?.dialog === this.#dialog.id;
  }
}
