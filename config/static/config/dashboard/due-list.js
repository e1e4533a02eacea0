/** <due-list>: the user's to-dos, those with the earliest due date first. They are added and completed here. */

import { find } from "../../progress/dom.js";
import { formatDueDate, isoDate } from "../../todos/dates.js";
import { showPreview, timeZone } from "../../todos/preview.js";
import { createElement, reconcile } from "./elements.js";
import { Panel } from "./panel.js";
import { TodoStore } from "./todo-store.js";

/** @import { Connection } from "./connection.js" */
/** @import { Todo } from "./todo-store.js" */

const MAX_WITH_DATE = 20;
const MAX_WITHOUT_DATE = 8;
const FIRST_LIST_MS = 3000; // the maximum time for which the other panels wait

class DueList extends Panel {
  /** @type {TodoStore | undefined} */
  #startedStore;
  /** @type {Promise<void> | undefined} */
  #firstList;
  /** @type {Set<number>} the ids of to-dos that were completed here, which stay so that they can be reopened */
  #completed = new Set();
  /** @type {Set<number>} the ids of to-dos that are being changed */
  #changing = new Set();
  #updatePreview = async () => {};
  /** @type {HTMLInputElement | undefined} in the page only while there is a preview */
  #checkbox;

  /** @param {Connection} connection */
  start(connection) {
    super.start(connection);
    const store = new TodoStore(connection);
    this.#startedStore = store;
    this.#checkbox = find(this, "[name=as_typed]", HTMLInputElement);
    store.addEventListener("change", () => this.#render());
    this.#firstList = new Promise((resolve) => store.addEventListener("change", () => resolve(), { once: true }));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
    const box = find(this.#form, ".date-preview");
    const read = (/** @type {URLSearchParams} */ query) => connection.get(`/todos/preview/?${query}`);
    const isQuickAdd = () => !this.#due.value; // a date in its own field has precedence
    this.#updatePreview = showPreview(this.#title, box, read, isQuickAdd);
    this.#due.addEventListener("input", this.#updatePreview);
  }

  /** Wait for the first list. The stream keeps it up to date from then on. */
  async refresh() {
    await Promise.race([this.#firstList, new Promise((resolve) => setTimeout(resolve, FIRST_LIST_MS))]);
  }

  get #store() {
    if (!this.#startedStore) throw new Error("The panel has not been started.");
    return this.#startedStore;
  }

  get #asTyped() {
    if (!this.#checkbox) throw new Error("The panel has not been started.");
    return this.#checkbox;
  }

  get #form() {
    return find(this, "form", HTMLFormElement);
  }

  get #title() {
    return find(this, "[name=title]", HTMLInputElement);
  }

  get #due() {
    return find(this, "[name=due_on]", HTMLInputElement);
  }

  /** Add a to-do. The fields are emptied immediately; input that wasn't saved is put back before newer input. */
  async #add() {
    const [titleInput, dueInput] = [this.#title, this.#due];
    const [title, due, isAsTyped] = [titleInput.value, dueInput.value, this.#asTyped.checked];
    this.#form.reset();
    this.#asTyped.checked = false;
    this.#updatePreview();
    titleInput.focus();
    const added = await this.attempt(() => this.#store.add(valuesOf(title, due, isAsTyped)));
    if (added) return this.setText(".news", `Added: ${added.title}`);
    titleInput.value = [title, titleInput.value].filter(Boolean).join(" ");
    dueInput.value ||= due;
    this.#asTyped.checked ||= isAsTyped;
    return this.#updatePreview();
  }

  /**
   * Save a checkbox, and again if it has been changed before the response.
   *
   * @param {Todo} todo
   * @param {HTMLInputElement} checkbox
   */
  async #saveCompleted({ id, url }, checkbox) {
    if (this.#changing.has(id)) return;
    this.#changing.add(id);
    this.#completed.add(id);
    let changed;
    do {
      const completed = checkbox.checked;
      changed = await this.attempt(() => this.#store.change(url, { completed }));
    } while (changed && changed.completed !== checkbox.checked);
    this.#changing.delete(id);
    if (changed) this.setText(".news", `${changed.completed ? "Done" : "Not done"}: ${changed.title}`);
    this.#render();
  }

  #render() {
    const { sorted, problem } = this.#store;
    const all = sorted.filter(({ id, completed }) => !completed || this.#completed.has(id));
    const withDate = all.filter(({ due_on: due }) => due).sort((a, b) => dueOf(a).localeCompare(dueOf(b)));
    const withoutDate = all.filter(({ due_on: due }) => !due);
    const shown = [...withDate.slice(0, MAX_WITH_DATE), ...withoutDate.slice(0, MAX_WITHOUT_DATE)];
    const list = find(this, "ul");
    reconcile(
      list,
      shown,
      (todo) => this.#createRow(todo),
      (row, todo) => this.#drawRow(row, todo),
    );
    const hiddenCount = all.length - shown.length;
    this.setText(".rest", hiddenCount ? `And ${hiddenCount} more.` : "");
    this.setText(".not-loaded", problem);
    find(this, ".empty").hidden = all.length > 0 || problem !== "";
  }

  /** @param {Todo} todo */
  #createRow(todo) {
    const checkbox = createElement("input", { type: "checkbox", className: "toggle" });
    checkbox.addEventListener("change", () => this.#saveCompleted(todo, checkbox));
    const title = createElement("span", { dir: "auto" });
    return createElement("li", {}, createElement("label", {}, checkbox, title), createElement("time"));
  }

  /**
   * @param {HTMLElement} row
   * @param {Todo} todo
   */
  #drawRow(row, { id, title, due_on: due, completed }) {
    const checkbox = find(row, "input", HTMLInputElement);
    if (!this.#changing.has(id)) checkbox.checked = completed;
    find(row, "span").textContent = title;
    row.classList.toggle("completed", checkbox.checked);
    const time = find(row, "time", HTMLTimeElement);
    time.dateTime = due ?? "";
    time.textContent = due ? formatDueDate(due, checkbox.checked) : "";
    time.className = dueClass(due, checkbox.checked);
  }
}

/**
 * Return the values of a new to-do. Without a due date in its own field, its title is read as a quick-add line.
 *
 * @param {string} title
 * @param {string} due
 * @param {boolean} isAsTyped
 */
function valuesOf(title, due, isAsTyped) {
  if (due) return { title, due_on: due };
  return isAsTyped ? { title } : { quick_add: title, time_zone: timeZone() };
}

/** @param {Todo} todo */
function dueOf(todo) {
  return todo.due_on ?? "";
}

/**
 * @param {string | null} due
 * @param {boolean} isCompleted
 */
function dueClass(due, isCompleted) {
  const today = isoDate(0);
  if (!due || isCompleted || due > today) return "chip";
  return due < today ? "chip overdue" : "chip today";
}

customElements.define("due-list", DueList);
