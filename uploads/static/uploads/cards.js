/** The list of uploads, in any order: cards that the server renders are added, replaced and removed. */

import { request, statusOf } from "../progress/request.js";
import { find, findById } from "../progress/dom.js";

const createdAt = (/** @type {HTMLElement} */ { dataset }) => Number(dataset.created);

/** @type {Record<string, { value: (card: HTMLElement) => number | string, isDescending: boolean }>} by `data-sort` */
const ORDERS = {
  newest: { value: createdAt, isDescending: true },
  oldest: { value: createdAt, isDescending: false },
  name: { value: ({ dataset }) => dataset.name ?? "", isDescending: false },
  size: { value: ({ dataset }) => Number(dataset.size), isDescending: true },
};

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
   * Show the card with this URL and return its element, or null if the search excludes it or it has been deleted.
   *
   * @param {string} url
   */
  async load(url) {
    try {
      const response = await request(url);
      return response.status === 204 ? null : this.insert(await response.text());
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  }

  /**
   * Insert cards at their positions, or replace those with the same ids. Return the first one.
   *
   * @param {string} html
   */
  insert(html) {
    const fragment = document.createRange().createContextualFragment(html);
    const cards = /** @type {HTMLElement[]} */ ([...fragment.querySelectorAll("article")]);
    for (const card of cards) this.#insert(card);
    this.#emptyMessage.hidden = true;
    findById("list-head").hidden = false;
    return cards[0];
  }

  /** @param {HTMLElement} card */
  #insert(card) {
    const items = [...this.#list.children];
    const old = items.find((item) => cardIn(item).id === card.id);
    const item = document.createElement("li");
    item.append(card);
    if (old) old.replaceWith(item);
    else this.#list.insertBefore(item, items.find((other) => this.#isBefore(card, cardIn(other))) ?? null);
    htmx.process(item);
  }

  /**
   * Return whether the server would list a card before another one.
   *
   * @param {HTMLElement} card
   * @param {HTMLElement} other
   */
  #isBefore(card, other) {
    const { value, isDescending } = ORDERS[this.#list.dataset.sort ?? "newest"];
    const [first, second] = isDescending ? [other, card] : [card, other];
    const [a, b] = [value(first), value(second)];
    return a === b ? first.id < second.id : a < b;
  }

  /**
   * Remove a card. If it was the last one, show the next page.
   *
   * @param {Element} card
   */
  async remove(card) {
    card.closest("li")?.remove();
    if (this.#list.children.length === 0) await loadNextPage();
    this.#emptyMessage.hidden = this.#list.children.length > 0;
  }
}

/** @type {Promise<void> | null} */
let loading = null;

export function hasNextPage() {
  return nextLink(document) !== null;
}

/** Append the next page to the list, if there is one. Go to that page if it can't be loaded. */
export async function loadNextPage() {
  const link = nextLink(document);
  if (!link) return;
  loading ??= append(link).finally(() => (loading = null));
  await loading.catch(() => location.assign(link.href));
}

/**
 * Append the cards of a page that the list doesn't have yet, and let the link to it refer to the page after it.
 *
 * @param {HTMLAnchorElement} link
 */
async function append(link) {
  const page = new DOMParser().parseFromString(await (await request(link.href)).text(), "text/html");
  const list = findById("cards");
  for (const item of find(page, "#cards").children) {
    if (!document.getElementById(cardIn(item).id)) list.append(document.importNode(item, true));
  }
  htmx.process(list);
  const next = nextLink(page);
  if (next) link.setAttribute("href", next.getAttribute("href") ?? "");
  else link.remove();
}

/**
 * @param {Document} page
 * @returns {HTMLAnchorElement | null}
 */
function nextLink(page) {
  return page.querySelector(".pages a[rel=next]");
}

/** @param {Element} item */
function cardIn(item) {
  return find(item, "article");
}
