/** <due-list>: what is to be done, the most urgent first; added to and ticked off here. */

import { showPreview, timeZone } from "../../todos/preview.js";
import { day, inWords } from "./days.js";
import { element, reconcile } from "./elements.js";
import { Panel } from "./panel.js";
import { Todos } from "./todos.js";

const MOST_WITH_DATE = 20;
const MOST_WITHOUT_DATE = 8;
const FIRST_LIST_MS = 3000; // for which the other panels wait at most

class DueList extends Panel {
  #todos;
  #firstList; // a promise
  #ticked = new Set(); // what was ticked off here stays, so that it can be had back
  #changing = new Set();
  #updatePreview;
  #asTyped; // a checkbox, in the page while there is a preview

  start(connection) {
    super.start(connection);
    this.#todos = new Todos(connection);
    this.#todos.addEventListener("change", () => this.#render());
    this.#firstList = new Promise((resolve) => this.#todos.addEventListener("change", resolve, { once: true }));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
    const { title, due_on: due, as_typed: asTyped } = this.#form.elements;
    const box = this.#form.querySelector(".understanding");
    const read = (query) => connection.get(`/todos/preview/?${query}`);
    this.#updatePreview = showPreview(title, box, read, () => !due.value); // a date of its own field counts
    this.#asTyped = asTyped;
    due.addEventListener("input", this.#updatePreview);
  }

  /** Wait for the first list. A stream keeps it up to date from then on. */
  async renew() {
    await Promise.race([this.#firstList, new Promise((resolve) => setTimeout(resolve, FIRST_LIST_MS))]);
  }

  get #form() {
    return this.querySelector("form");
  }

  /** The fields are free for the next one at once; what couldn't be saved comes back, before what was typed since. */
  async #add() {
    const { title, due_on: due } = this.#form.elements;
    const given = { title: title.value, due_on: due.value };
    const isAsTyped = this.#asTyped.checked;
    this.#form.reset();
    this.#asTyped.checked = false;
    this.#updatePreview();
    title.focus();
    const line = { quick_add: given.title, time_zone: timeZone() };
    const added = await this.attempt(() =>
      this.#todos.add(given.due_on ? given : isAsTyped ? { title: given.title } : line),
    );
    if (added) return this.tell(".news", `Added: ${added.title}`);
    title.value = [given.title, title.value].filter(Boolean).join(" ");
    due.value ||= given.due_on;
    this.#asTyped.checked ||= isAsTyped;
    this.#updatePreview();
  }

  /** Again, if the box has been used while the answer was on its way. */
  async #tick({ id, url }, box) {
    if (this.#changing.has(id)) return;
    this.#changing.add(id);
    this.#ticked.add(id);
    let changed;
    do {
      const completed = box.checked;
      changed = await this.attempt(() => this.#todos.change(url, { completed }));
    } while (changed && changed.completed !== box.checked);
    this.#changing.delete(id);
    if (changed) this.tell(".news", `${changed.completed ? "Done" : "Not done"}: ${changed.title}`);
    this.#render();
  }

  #render() {
    const all = this.#todos.sorted.filter(({ id, completed }) => !completed || this.#ticked.has(id));
    const dated = all.filter(({ due_on: due }) => due).sort((a, b) => a.due_on.localeCompare(b.due_on));
    const others = all.filter(({ due_on: due }) => !due);
    const shown = [...dated.slice(0, MOST_WITH_DATE), ...others.slice(0, MOST_WITHOUT_DATE)];
    reconcile(
      this.querySelector("ul"),
      shown,
      (todo) => this.#row(todo),
      (row, todo) => this.#draw(row, todo),
    );
    const more = all.length - shown.length;
    this.tell(".rest", more ? `And ${more} more.` : "");
    this.tell(".not-loaded", this.#todos.problem);
    this.querySelector(".empty").hidden = all.length > 0 || this.#todos.problem !== "";
  }

  #row(todo) {
    const box = element("input", { type: "checkbox" });
    box.addEventListener("change", () => this.#tick(todo, box));
    return element("li", {}, element("label", {}, box, element("span", { dir: "auto" })), element("time"));
  }

  #draw(row, { id, title, due_on: due, completed }) {
    const [box, text] = row.firstElementChild.children;
    if (!this.#changing.has(id)) box.checked = completed;
    text.textContent = title;
    row.classList.toggle("completed", box.checked);
    const time = row.querySelector("time");
    time.dateTime = due ?? "";
    time.textContent = due ? inWords(due, box.checked) : "";
    time.className = due && due <= day(0) && !box.checked ? (due < day(0) ? "due overdue" : "due today") : "due";
  }
}

customElements.define("due-list", DueList);
