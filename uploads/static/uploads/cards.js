/** The grid of uploads: cards that the server renders are added, replaced and removed. */

import { request, statusOf } from "../progress/request.js";
import { find } from "../progress/dom.js";

export class CardGrid {
  #list;
  #emptyMessage;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} emptyMessage
   */
  constructor(list, emptyMessage) {
    this.#list = list;
    this.#emptyMessage = emptyMessage;
  }

  /**
   * Show the card with this URL and return its element, or null if the upload no longer exists.
   *
   * @param {string} url
   */
  async load(url) {
    try {
      return this.insert(await (await request(url)).text());
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  }

  /**
   * Insert a card at its position, the newest first, or replace the card with the same id. Return its element.
   *
   * @param {string} html
   */
  insert(html) {
    const others = [...this.#list.children];
    htmx.swap(this.#list, `<li>${html}</li>`, { swapStyle: "afterbegin" });
    const item = find(this.#list, "li");
    const card = find(item, "article");
    const old = others.find((other) => cardIn(other).id === card.id);
    const older = others.find((other) => createdAt(cardIn(other)) < createdAt(card));
    if (old) old.replaceWith(item);
    else if (older !== item.nextElementSibling) this.#list.insertBefore(item, older ?? null);
    this.#emptyMessage.hidden = true;
    return card;
  }

  /** @param {Element} card */
  remove(card) {
    card.closest("li")?.remove();
    this.#emptyMessage.hidden = this.#list.children.length > 0;
  }
}

/** @param {Element} item */
function cardIn(item) {
  return find(item, "article");
}

/** @param {HTMLElement} card */
function createdAt(card) {
  return Number(card.dataset.created);
}
