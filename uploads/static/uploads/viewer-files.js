/** The files that the viewer shows: those in the list of the page, and their pages. */

import { find } from "../progress/dom.js";
import { preparePicture } from "./viewer-zoom.js";

const NAMES = "#cards h2 a";

/** The files in the list, in its order, identified by the URLs of their pages. */
export class FileList {
  get urls() {
    return links().map((link) => link.href);
  }

  /** @param {string} url */
  linkTo(url) {
    return links().find((link) => link.href === url);
  }

  /**
   * Return the picture of the list for the viewer, or null if the list has none. The browser starts to load it.
   *
   * @param {string} url
   */
  pictureOf(url) {
    const original = this.linkTo(url)?.closest("li")?.querySelector("a.picture img");
    if (!(original instanceof HTMLImageElement)) return null;
    const picture = /** @type {HTMLImageElement} */ (original.cloneNode());
    picture.className = "";
    picture.loading = "eager";
    preparePicture(picture, original.currentSrc);
    return picture;
  }
}

/** The <article> of each file's page. They are kept until the viewer is closed. */
export class FilePages {
  /** @type {Map<string, Promise<HTMLElement | null>>} */
  #articles = new Map();

  /**
   * Return the article, or null if the file has been deleted. Throws if the page can't be loaded, or isn't that of a
   * file because the user is no longer logged in.
   *
   * @param {string} url
   */
  get(url) {
    const article = this.#articles.get(url) ?? loadArticle(url);
    this.#articles.set(url, article);
    article.then((loaded) => this.#forgetChanging(url, loaded)).catch(() => this.#articles.delete(url));
    return article;
  }

  clear() {
    this.#articles.clear();
  }

  /**
   * Load a page again the next time if it will change, because its file is being processed.
   *
   * @param {string} url
   * @param {HTMLElement | null} article
   */
  #forgetChanging(url, article) {
    if (!article || article.querySelector("progress-bar")) this.#articles.delete(url);
  }
}

/** @param {string} url */
async function loadArticle(url) {
  const response = await fetch(url);
  if (response.status === 404) return null;
  return find(new DOMParser().parseFromString(await response.text(), "text/html"), "#upload");
}

function links() {
  return /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll(NAMES)]);
}
