/**
 * <job-list>: the user's unfinished jobs, each with a progress bar. Jobs of files that are sent from here are left out.
 */

import { find } from "../../progress/dom.js";
import { createElement, reconcile } from "./elements.js";
import { FileSender } from "./file-sender.js";
import { Panel } from "./panel.js";

/** @import { Job } from "../../progress/job-watcher.js" */

class JobList extends Panel {
  /** Load the jobs. Jobs that have failed or were cancelled since the last load stay, with a button to retry. */
  async load() {
    /** @type {{ jobs: Job[] }} */
    const { jobs } = await this.connection.get("/progress/");
    const shownElsewhere = find(document, "file-sender", FileSender).jobIds;
    const unfinished = jobs.filter(({ id }) => !shownElsewhere.has(id));
    const ids = new Set(unfinished.map(({ id }) => id));
    const unsuccessful = this.#rows.filter((row) => !ids.has(row.dataset.key ?? "") && isUnsuccessful(row));
    const ended = unsuccessful.map((row) => ({ id: row.dataset.key ?? "", url: "" })); // they have a row already
    reconcile(this.#list, [...unfinished, ...ended], createRow);
    find(this, ".none").hidden = this.#rows.length > 0;
  }

  get #list() {
    return find(this, "ul");
  }

  get #rows() {
    return /** @type {HTMLElement[]} */ ([...this.#list.children]);
  }
}

/** @param {{ url: string }} job */
function createRow({ url }) {
  const bar = document.createElement("progress-bar");
  bar.setAttribute("src", url);
  return createElement("li", { className: "row" }, bar);
}

/** @param {HTMLElement} row */
function isUnsuccessful(row) {
  return ["failed", "cancelled"].includes(find(row, "progress-bar").getAttribute("state") ?? "");
}

customElements.define("job-list", JobList);
