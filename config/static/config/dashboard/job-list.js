/** <job-list>: all that runs or waits for the user, each with the bar that every page has; but for files sent from here. */

import { FINISHED_STATES } from "../../progress/job-watcher.js";
import { element, reconcile } from "./elements.js";
import { Panel } from "./panel.js";

class JobList extends Panel {
  /** What failed or was cancelled meanwhile stays, with its button to try again. */
  async load() {
    const { jobs } = await this.connection.get("/progress/");
    const elsewhere = document.querySelector("file-sender").jobs;
    const running = jobs.filter(({ id }) => !elsewhere.has(id));
    const known = new Set(running.map(({ id }) => id));
    const ended = [...this.#list.children].filter((row) => !known.has(row.dataset.key) && didNotWork(row));
    reconcile(this.#list, [...running, ...ended.map((row) => ({ id: row.dataset.key }))], row);
    this.querySelector(".none").hidden = this.#list.children.length > 0;
  }

  get #list() {
    return this.querySelector("ul");
  }
}

function row({ url }) {
  const bar = document.createElement("progress-bar");
  bar.setAttribute("src", url);
  return element("li", { className: "row" }, bar);
}

function didNotWork(row) {
  const state = row.querySelector("progress-bar").getAttribute("state");
  return FINISHED_STATES.includes(state) && state !== "succeeded";
}

customElements.define("job-list", JobList);
