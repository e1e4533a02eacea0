/**
 * <progress-tray data-jobs="/api/progress/" data-pages="/progress/" data-user="1">
 *
 * Panel in a corner of each page with the user's unfinished jobs. It watches all jobs through the stream that the bars
 * of the page share, and needs no other request unless it has listed jobs on the page before. It leaves out each job
 * that has a bar in <main>, such as a file that is being processed on the page of files. A job that ends within a moment
 * isn't shown, except if it fails.
 *
 * When all jobs have ended, one message is announced, and the panel is removed; failed jobs stay until they are
 * dismissed. The listed jobs and whether the panel is collapsed are kept in sessionStorage, for the next page. Once all
 * jobs have ended, the next page lists the failed ones only.
 */

import { find, instantiate } from "./dom.js";
import { isUnfinished, outcomeOf, percentOf, titleOf } from "./job-summary.js";
import { watchAllJobs } from "./job-watcher.js";
import "./progress-bar.js";

/** @import { Job } from "./job-watcher.js" */
/** @typedef {{ element: HTMLElement, bar: HTMLElement, job: Job | null, isDelayed: boolean }} Row `job` is null at first */

const DELAY_MS = 700; // until a new job is shown, so that the panel doesn't flash
const LINGER_MS = 4000; // until ended jobs are removed
const BAR_EVENTS = ["progress", "succeeded", "failed", "cancelled", "stopped"]; // of the tray's bars, not passed on to the page
const WIDE = "(min-width: 40rem)"; // where the panel is open at first

class ProgressTray extends HTMLElement {
  /** @type {Map<string, Row>} by job id */
  #rows = new Map();
  /** Whether a job was in progress when the tray was last drawn, on this page or the page before. */
  #isActive = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  connectedCallback() {
    const { ids = [], isActive = false, isCollapsed = !matchMedia(WIDE).matches } = this.#load();
    this.#isActive = isActive;
    this.#details.open = !isCollapsed;
    this.#details.addEventListener("toggle", () => this.#save());
    this.addEventListener("progress", (/** @type {Event} */ event) => {
      if (event instanceof CustomEvent) this.#onProgress(event.detail);
    });
    this.addEventListener("stopped", (event) => this.#remove(rowOf(event)));
    for (const type of BAR_EVENTS) this.addEventListener(type, (event) => event.stopPropagation());
    this.addEventListener("click", (event) => this.#onClick(event));
    for (const id of ids) this.#add(id, false);
    watchAllJobs(this.dataset.jobs ?? "", {
      onChange: (job) => this.#onChange(job),
      onStop: () => this.#clear(),
    });
  }

  get #panel() {
    return find(this, "section");
  }

  get #details() {
    return find(this, "details", HTMLDetailsElement);
  }

  /** The jobs that are shown. */
  get #jobs() {
    return [...this.#rows.values()].flatMap(({ element, job }) => (element.hidden || !job ? [] : [job]));
  }

  /** The ids of the jobs that are shown, or will be as soon as their state is known. */
  get #ids() {
    return [...this.#rows].filter(([, row]) => (row.job ? !row.element.hidden : !row.isDelayed)).map(([id]) => id);
  }

  /**
   * Add an unfinished job, or watch it again after a retry. Its bar reports the later changes.
   *
   * @param {Job} job
   */
  #onChange(job) {
    if (!isUnfinished(job)) return;
    const row = this.#rows.get(job.id);
    if (!row) this.#add(job.id, true);
    else if (row.job && !isUnfinished(row.job)) this.#watch(row.bar, job.id);
  }

  /**
   * @param {string} id
   * @param {boolean} isDelayed
   */
  #add(id, isDelayed) {
    const element = instantiate(find(this, "template", HTMLTemplateElement));
    const bar = find(element, "progress-bar");
    element.dataset.job = id;
    element.hidden = true;
    find(element, ".bar-label").setAttribute("href", `${this.dataset.pages}${id}/`);
    this.#rows.set(id, { element, bar, job: null, isDelayed });
    find(this, "ul").append(element);
    this.#watch(bar, id);
    if (isDelayed) setTimeout(() => this.#endDelay(id), DELAY_MS);
  }

  /**
   * @param {HTMLElement} bar
   * @param {string} id
   */
  #watch(bar, id) {
    bar.removeAttribute("src");
    bar.setAttribute("state", "queued");
    bar.setAttribute("src", `${this.dataset.jobs}${id}/`);
  }

  /** @param {string} id */
  #endDelay(id) {
    const row = this.#rows.get(id);
    if (!row) return;
    row.isDelayed = false;
    this.#draw();
  }

  /** @param {Job} job */
  #onProgress(job) {
    const row = this.#rows.get(job.id);
    if (!row) return;
    row.job = job;
    find(row.element, ".tray-dismiss").hidden = job.state !== "failed";
    find(row.element, ".tray-dismiss").setAttribute("aria-label", `Dismiss: ${job.label}`);
    this.#draw();
  }

  /** @param {Event} event */
  #onClick({ target }) {
    const button = target instanceof Element && target.closest(".tray-dismiss");
    if (!button) return;
    this.#remove(button.closest("li"));
    if (!this.#panel.hidden) find(this, "summary").focus();
  }

  #draw() {
    for (const [id, row] of this.#rows) {
      if (!row.isDelayed || row.job?.state === "failed") row.element.hidden = !row.job || isInMain(id);
      if (row.element.hidden && row.job && !isUnfinished(row.job)) this.#forget(id);
    }
    const jobs = this.#jobs;
    const isActive = jobs.some(isUnfinished) || this.#ids.length > jobs.length;
    if (jobs.length) this.#drawSummary(jobs);
    if (isActive !== this.#isActive) find(this, "[role=status]").textContent = isActive ? "" : outcomeOf(jobs);
    if (!isActive && !this.#timer && jobs.some(({ state }) => state !== "failed")) this.#startTimer();
    this.#isActive = isActive;
    this.#panel.hidden = !jobs.length;
    this.#save();
  }

  /** @param {Job[]} jobs */
  #drawSummary(jobs) {
    const percent = percentOf(jobs);
    const bar = find(this, "section > progress", HTMLProgressElement);
    bar.hidden = !jobs.some(isUnfinished);
    if (percent === null) bar.removeAttribute("value");
    else bar.value = percent;
    find(this, ".tray-title").textContent = titleOf(jobs);
    find(this, ".tray-percent").textContent = percent === null || bar.hidden ? "" : `${percent} %`;
  }

  #startTimer() {
    this.#timer = setTimeout(() => this.#removeEnded(), LINGER_MS);
  }

  /** Whether the pointer or the keyboard's focus is in the panel. A touch screen would leave the pointer there. */
  get #isInUse() {
    return (
      this.querySelector(":focus-visible") !== null || (matchMedia("(hover: hover)").matches && this.matches(":hover"))
    );
  }

  /** Remove the jobs that have succeeded or were cancelled, unless one is in progress or the user is in the panel. */
  #removeEnded() {
    this.#timer = undefined;
    if (this.#isActive) return;
    if (this.#isInUse) return void this.#startTimer();
    for (const { id, state } of this.#jobs) if (state !== "failed") this.#forget(id);
    this.#draw();
  }

  /** @param {HTMLElement | null} element */
  #remove(element) {
    this.#forget(element?.dataset.job ?? "");
    this.#draw();
  }

  /** @param {string} id */
  #forget(id) {
    this.#rows.get(id)?.element.remove();
    this.#rows.delete(id);
  }

  /** Remove all jobs: the user has logged out. */
  #clear() {
    for (const id of [...this.#rows.keys()]) this.#forget(id);
    this.#isActive = false;
    this.#draw();
  }

  get #key() {
    return `progress-tray-${this.dataset.user}`;
  }

  #load() {
    try {
      return JSON.parse(sessionStorage.getItem(this.#key) ?? "{}");
    } catch {
      return {}; // the browser blocks the storage
    }
  }

  #save() {
    const failed = this.#jobs.filter(({ state }) => state === "failed").map(({ id }) => id);
    const ids = this.#isActive ? this.#ids : failed;
    const saved = { ids, isActive: this.#isActive, isCollapsed: !this.#details.open };
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(saved));
    } catch {
      // the browser blocks the storage
    }
  }
}

/**
 * Return the row that an event was dispatched in.
 *
 * @param {Event} event
 * @returns {HTMLElement | null}
 */
function rowOf({ target }) {
  return target instanceof Element ? target.closest("li") : null;
}

/**
 * Return whether the main content of the page has a bar of this job.
 *
 * @param {string} id
 */
function isInMain(id) {
  return document.querySelector(`main progress-bar[src*="${id}"]`) !== null;
}

customElements.define("progress-tray", ProgressTray);
