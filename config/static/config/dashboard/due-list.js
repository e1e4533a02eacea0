/** <due-list>: what is to be done, the most urgent first; added to and ticked off here. */

import { element, reconcile } from "./elements.js";

const MOST_PAGES = 10; // of a hundred to-dos each
const MOST_WITHOUT_DATE = 8;

class DueList extends HTMLElement {
  #connection;
  #active = [];
  #ticked = new Map(); // what was ticked off here stays, so that it can be had back
  #changing = new Set();
  #changes = 0; // how often one has begun or ended

  start(connection) {
    this.#connection = connection;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
  }

  /** An answer doesn't take back what was changed after its question: the next one will know. */
  async load() {
    const changes = this.#changes;
    const found = [];
    let next = "/todos/?filter=active";
    for (let page = 0; next && page < MOST_PAGES; page++) {
      const answer = await this.#connection.fetch(next);
      found.push(...(await answer.json()));
      next = answer.headers.get("Link")?.match(/<([^>]*)>; rel="next"/)?.[1];
    }
    if (changes !== this.#changes) return;
    this.#active = found;
    for (const { id } of found) if (!this.#changing.has(id)) this.#ticked.delete(id);
    this.#render();
  }

  get #form() {
    return this.querySelector("form");
  }

  async #add() {
    const { title, due_on: due } = this.#form.elements;
    const todo = await this.#try(() =>
      this.#connection.change("POST", "/todos/", { title: title.value, due_on: due.value || null }),
    );
    if (!todo) return;
    this.#form.reset();
    this.#active.push(todo);
    this.#say(`Added: ${todo.title}`);
    this.#render();
    title.focus();
  }

  async #tick(todo, box) {
    this.#changing.add(todo.id);
    const changed = await this.#try(() => this.#connection.change("PATCH", todo.url, { completed: box.checked }));
    this.#changing.delete(todo.id);
    if (changed) {
      this.#active = this.#active.filter(({ id }) => id !== todo.id);
      this.#ticked.delete(todo.id);
      if (changed.completed) this.#ticked.set(todo.id, changed);
      else this.#active.push(changed);
      this.#say(`${changed.completed ? "Done" : "Not done"}: ${todo.title}`);
    }
    this.#render();
  }

  /** For who listens to the page. */
  #say(news) {
    this.querySelector("[role=status]").textContent = news;
  }

  /** Undefined, and a word on it, if it didn't work. */
  async #try(change) {
    const problem = this.querySelector(".error");
    problem.textContent = "";
    this.#changes++;
    try {
      return await change();
    } catch (error) {
      problem.textContent = await this.#connection.failed(error);
      return undefined;
    } finally {
      this.#changes++;
      this.dispatchEvent(new Event("changed", { bubbles: true }));
    }
  }

  #render() {
    const all = new Map([...this.#active, ...this.#ticked.values()].map((todo) => [todo.id, todo]));
    const sorted = [...all.values()].sort((a, b) => a.order - b.order);
    const dated = sorted.filter(({ due_on: due }) => due).sort((a, b) => a.due_on.localeCompare(b.due_on));
    const others = sorted.filter(({ due_on: due }) => !due);
    const shown = [...dated, ...others.slice(0, MOST_WITHOUT_DATE)];
    reconcile(this.querySelector("ul"), shown, (todo) => this.#row(todo), (row, todo) => this.#draw(row, todo));
    this.querySelector(".empty").hidden = shown.length > 0;
    const rest = all.size - shown.length;
    this.querySelector(".more .rest").textContent = rest ? `And ${rest} more without a date.` : "";
  }

  #row({ id }) {
    const box = element("input", { type: "checkbox" });
    box.addEventListener("change", () => {
      const todo = this.#active.find((each) => each.id === id) ?? this.#ticked.get(id);
      this.#tick(todo, box);
    });
    return element("li", {}, element("label", {}, box, element("span")), element("time"));
  }

  #draw(row, { id, title, due_on: due, completed }) {
    const [box, text] = row.firstElementChild.children;
    if (!this.#changing.has(id)) box.checked = completed;
    text.textContent = title;
    row.classList.toggle("completed", box.checked);
    const time = row.querySelector("time");
    time.dateTime = due ?? "";
    time.textContent = due ? inWords(due) : "";
    time.className = due && due <= day(0) ? (due < day(0) ? "due overdue" : "due today") : "due";
  }
}

/** The reader's own day, so many days from today, as the API writes dates. */
function day(offset) {
  const now = new Date();
  const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

function inWords(due) {
  if (due < day(0)) return `Overdue since ${due === day(-1) ? "yesterday" : date(due)}`;
  return { [day(0)]: "Today", [day(1)]: "Tomorrow" }[due] ?? date(due);
}

function date(due) {
  const [year, month, day] = due.split("-").map(Number);
  const parts = { day: "numeric", month: "short", year: year === new Date().getFullYear() ? undefined : "numeric" };
  return new Date(year, month - 1, day).toLocaleDateString("en-GB", parts);
}

customElements.define("due-list", DueList);
