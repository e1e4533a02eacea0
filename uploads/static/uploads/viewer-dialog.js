/**
 * The viewer of files: a dialog over the list that shows the <article> of a file's page, with the keys of galleries.
 * It shows the picture of the list until the page is loaded. undo.js sends its form to delete the file.
 */

import { find, findById, instantiate } from "../progress/dom.js";
import { hasNextPage, loadNextPage } from "./cards.js";
import { FileList, FilePages } from "./viewer-files.js";
import { preparePicture, Zoom } from "./viewer-zoom.js";

/** @import { DialogHistory } from "../progress/dialog-history.js" */

const SCROLL_PX = 80;

export class Viewer {
  #dialog;
  #history;
  #files = new FileList();
  #pages = new FilePages();
  #zoom;
  #toasts = findById("undo");
  #deleteForm;
  #url = "";
  #lastIndex = 0; // of the file in the list, from which it may have been removed

  /** @type {Record<string, () => unknown>} by `data-do` of buttons */
  #actions = {
    previous: () => this.#move(this.#index - 1),
    next: () => this.#move(this.#index + 1),
    zoom: () => this.#zoom.toggle(),
    details: () => this.#toggleDetails(),
  };

  /** @type {Record<string, () => unknown>} */
  #keys = {
    ArrowLeft: () => this.#step(-1),
    ArrowRight: () => this.#step(1),
    ArrowUp: () => this.#zoom.scrollBy(0, -SCROLL_PX),
    ArrowDown: () => this.#zoom.scrollBy(0, SCROLL_PX),
    Home: () => this.#move(0),
    End: () => this.#move(this.#files.urls.length - 1),
    "+": () => this.#zoom.step(1),
    "=": () => this.#zoom.step(1),
    "-": () => this.#zoom.step(-1),
    0: () => this.#zoom.reset(),
    i: () => this.#toggleDetails(),
    Delete: () => this.#deleteForm.checkVisibility() && this.#deleteForm.requestSubmit(),
  };

  /**
   * @param {HTMLDialogElement} dialog
   * @param {DialogHistory} dialogHistory
   */
  constructor(dialog, dialogHistory) {
    this.#dialog = dialog;
    this.#history = dialogHistory;
    this.#deleteForm = find(dialog, ".delete", HTMLFormElement);
    this.#zoom = new Zoom(dialog, {
      onChange: (isZoomed) => (find(dialog, "[data-do=zoom]").ariaPressed = String(isZoomed)),
      onSwipe: (step) => this.#move(this.#index + step),
    });
    dialog.addEventListener("click", (event) => this.#onClick(event));
    dialog.addEventListener("keydown", (event) => this.#onKeyDown(event));
    dialog.addEventListener("htmx:load", (event) => this.#onReload(event));
    document.addEventListener("deleted", () => this.#onDeleted());
    document.addEventListener("restored", (event) => this.#onRestored(event));
  }

  /** @param {string} url */
  open(url) {
    if (!this.#files.linkTo(url)) return location.assign(url);
    this.#dialog.append(this.#toasts); // behind the dialog they would be inert
    this.#history.open(url);
    this.#dialog.focus();
    return this.#show(url);
  }

  /** Return the focus to the file in the list. The history has closed the dialog. */
  onClose() {
    find(document, "main").append(this.#toasts);
    const link = this.#files.linkTo(this.#url) ?? this.#toasts.querySelector("button");
    this.#url = "";
    this.#pages.clear();
    this.#replaceArticle(stubWith(null));
    findById("viewer-status").textContent = "";
    link?.focus();
    // After the browser has restored the position at which the list was when the viewer was opened.
    requestAnimationFrame(() => link?.closest("li")?.scrollIntoView({ block: "nearest" }));
  }

  get #index() {
    const index = this.#files.urls.indexOf(this.#url);
    if (index >= 0) this.#lastIndex = index;
    return this.#lastIndex;
  }

  /**
   * Show another file and announce it. After the last file, load more.
   *
   * @param {number} index in the list
   */
  async #move(index) {
    if (this.#deleteForm.ariaBusy) return;
    if (index >= this.#files.urls.length) await loadNextPage();
    const url = this.#files.urls[index];
    if (!url || url === this.#url || !this.#dialog.open) return;
    this.#show(url);
    findById("viewer-status").textContent =
      `${findById("viewer-name").textContent}, ${findById("viewer-position").textContent}`;
  }

  /**
   * Show a file, first by its picture in the list and then by its page. Load the page if that fails.
   *
   * @param {string} url
   */
  async #show(url) {
    this.#url = url;
    this.#showName();
    this.#replaceArticle(stubWith(this.#files.pictureOf(url)));
    try {
      const page = await this.#pages.get(url);
      if (url === this.#url) this.#showPage(page);
    } catch {
      if (url === this.#url) location.assign(url);
    }
  }

  #showName() {
    const { urls } = this.#files;
    const hasMore = hasNextPage();
    const name = this.#files.linkTo(this.#url)?.textContent?.trim() ?? "";
    this.#history.replace(this.#url, name);
    findById("viewer-name").textContent = name;
    findById("viewer-position").textContent = `${this.#index + 1} of ${urls.length}${hasMore ? "+" : ""}`;
    find(this.#dialog, "[data-do=previous]").ariaDisabled = String(this.#index === 0);
    find(this.#dialog, "[data-do=next]").ariaDisabled = String(this.#index === urls.length - 1 && !hasMore);
    this.#deleteForm.action = `${this.#url}delete/`;
    for (const link of this.#dialog.querySelectorAll("a[data-path]")) {
      link.setAttribute("href", this.#url + link.getAttribute("data-path"));
    }
  }

  /** @param {HTMLElement | null} page the <article> of the page, or null if the file has been deleted */
  #showPage(page) {
    find(this.#dialog, ".viewer-tools").hidden = !page;
    if (!page) return this.#showDeleted();
    const article = document.importNode(page, true);
    adapt(article);
    const shown = this.#dialog.querySelector(".pictures > img");
    if (shown) article.querySelector(".pictures > img")?.replaceWith(shown); // it is loading, or may be zoomed
    this.#replaceArticle(article, { keepsZoom: Boolean(shown) });
    htmx.process(article);
    return this.#preload();
  }

  #showDeleted() {
    const article = document.createElement("article");
    article.append(instantiate(findById("deleted-file", HTMLTemplateElement)));
    this.#replaceArticle(article);
    findById("viewer-status").textContent = "This file has been deleted.";
  }

  /** @param {HTMLElement} article */
  #replaceArticle(article, { keepsZoom = false } = {}) {
    article.className = "upload";
    find(this.#dialog, ".upload").replaceWith(article);
    if (this.#dialog.open && !this.#dialog.contains(document.activeElement)) this.#dialog.focus();
    if (keepsZoom) this.#zoom.refresh();
    else this.#zoom.reset();
  }

  /** Load the page and the picture of the files before and after. */
  #preload() {
    for (const url of [this.#files.urls[this.#index + 1], this.#files.urls[this.#index - 1]]) {
      if (!url) continue;
      this.#files.pictureOf(url);
      this.#pages.get(url).catch(() => {}); // `show` will try again
    }
  }

  /** @param {number} direction */
  #step(direction) {
    if (this.#zoom.isZoomed) this.#zoom.scrollBy(direction * SCROLL_PX, 0);
    else this.#move(this.#index + direction);
  }

  #toggleDetails() {
    const isShown = this.#dialog.classList.toggle("with-details");
    find(this.#dialog, "[data-do=details]").ariaExpanded = String(isShown);
  }

  /** @param {MouseEvent} event */
  #onClick({ target }) {
    const button = target instanceof Element && target.closest("[data-do]");
    if (button instanceof HTMLElement && button.ariaDisabled !== "true") this.#actions[button.dataset.do ?? ""]();
  }

  /** @param {KeyboardEvent} event */
  #onKeyDown(event) {
    const { key, target, repeat } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(this.#keys, key)) return;
    if (target instanceof Element && target.closest(".about") && /Up|Down/.test(key)) return; // they scroll the details
    event.preventDefault();
    if (!(repeat && key === "Delete")) this.#keys[key]();
  }

  /**
   * Adapt the <article> that htmx has loaded because its job has finished.
   *
   * @param {Event} event
   */
  #onReload({ target }) {
    if (!(target instanceof HTMLElement && target.matches(".upload"))) return;
    adapt(target);
    this.#zoom.reset();
  }

  /** Show the next file if the one that is shown has been deleted, or else the previous one. */
  async #onDeleted() {
    if (!this.#dialog.open || this.#files.linkTo(this.#url)) return;
    if (this.#lastIndex >= this.#files.urls.length) await loadNextPage();
    const { urls } = this.#files;
    if (urls.length) this.#move(Math.min(this.#lastIndex, urls.length - 1));
    else this.#history.leave();
  }

  /** @param {Event} event */
  #onRestored(event) {
    if (!this.#dialog.open) return;
    this.#pages.clear();
    this.#move(this.#files.urls.indexOf(/** @type {CustomEvent} */ (event).detail));
  }
}

/** @param {HTMLImageElement | null} picture */
function stubWith(picture) {
  const article = document.createElement("article");
  const pictures = document.createElement("div");
  pictures.className = "pictures";
  if (picture) pictures.append(picture);
  article.append(pictures);
  return article;
}

/**
 * Adapt the <article> of a page: pictures don't link to larger ones, and its bar has other ids than that of the list.
 *
 * @param {HTMLElement} article
 */
function adapt(article) {
  for (const link of article.querySelectorAll(".page-picture")) link.replaceWith(...link.childNodes);
  for (const picture of article.querySelectorAll("img")) preparePicture(picture);
  for (const bar of article.querySelectorAll("progress-bar")) {
    const label = find(bar, ".bar-label");
    label.id = `viewer-${label.id}`;
    find(bar, "progress").setAttribute("aria-labelledby", label.id);
  }
}
