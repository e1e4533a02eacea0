/** The grid of uploads: cards that come, go, and come back. The server renders them. */

export class Cards {
  #list;
  #empty;

  constructor(list, empty) {
    this.#list = list;
    this.#empty = empty;
  }

  /** Ask the server for the card, and show it; gives its element, null when the upload is gone. */
  async show(url) {
    const response = await fetch(url);
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return this.insert(await response.text());
  }

  /** Put the card to its place, the newest first; gives its element. One that is there already is renewed. */
  insert(html) {
    const card = new DOMParser().parseFromString(html, "text/html").querySelector("article");
    const old = document.getElementById(card.id);
    if (old) old.replaceWith(card);
    else {
      const item = document.createElement("li");
      item.append(card);
      const older = [...this.#list.children].find(
        (other) => createdAt(other.querySelector("article")) < createdAt(card),
      );
      this.#list.insertBefore(item, older ?? null);
    }
    this.#empty.hidden = true;
    return card;
  }

  remove(card) {
    card.closest("li").remove();
    this.#empty.hidden = this.#list.children.length > 0;
  }
}

function createdAt(card) {
  return Number(card.dataset.created);
}
