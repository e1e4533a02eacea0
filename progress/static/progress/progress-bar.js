/**
 * <progress-bar src="/api/progress/<uuid>/"></progress-bar>
 *
 * Shows a job until it has finished, and lets its owner cancel it and retry it. It draws only what the server has
 * reported. It works from any origin that the server allows; cookies are sent.
 *
 * If the job is the last part of a longer operation, `from="50"` is the percentage that is complete when the job
 * starts: the bar then goes from 50 to 100 and always has a value. The part before the job has no URL yet; the script
 * that does it calls `draw` with an object that has the fields of a job, and sets `src` when there is one.
 *
 * Events, which bubble, with the job as `detail`: "progress" at each change; then once "succeeded", "failed" or
 * "cancelled". "stopped" if the job can't be watched, with the reason.
 */

import { CsrfToken, fetchCsrfToken } from "./csrf.js";
import { find } from "./dom.js";
import { formatDuration, formatSize } from "./format.js";
import { FINISHED_STATES, watchJob } from "./job-watcher.js";
import { request, statusOf } from "./request.js";

/** @import { Job, StopReason } from "./job-watcher.js" */
/** @typedef {"cancel" | "retry"} Action */
/**
 * The fields of a job that the bar draws.
 *
 * @typedef {Omit<Job, "id" | "url" | "version" | "attempt" | "cancel_requested" | "retryable" | "error">
 *   & Partial<Pick<Job, "attempt" | "cancel_requested">> & { error: { message: string } | null }} DrawnJob
 */

/** @type {Record<Action, string>} */
const ACTIONS = { cancel: "Cancel", retry: "Try again" };
const ACTION_NAMES = /** @type {Action[]} */ (Object.keys(ACTIONS));

const STOP_MESSAGES = {
  "logged out": "Log in again to see the progress",
  unknown: "This job no longer exists",
  expired: "This job finished a while ago and is no longer kept",
};

/**
 * Resolves when the scripts of the page have run. A job that finishes while they are loaded would otherwise dispatch its
 * events before anything listens for them.
 */
const scriptsHaveRun = new Promise((resolve) => {
  if (document.readyState === "complete") resolve(undefined);
  document.addEventListener("DOMContentLoaded", resolve);
  addEventListener("load", resolve);
});

export class ProgressBar extends HTMLElement {
  static observedAttributes = ["src"];

  #version = -1;
  #isBuilt = false;
  /** @type {(() => void) | null} null while no job is watched */
  #stopWatching = null;

  connectedCallback() {
    if (!this.#isBuilt) this.#build();
    this.#watch();
  }

  disconnectedCallback() {
    this.#stopWatching?.();
    this.#stopWatching = null;
  }

  /**
   * @param {string} _name
   * @param {string | null} previous
   */
  attributeChangedCallback(_name, previous) {
    if (previous === null) this.#watch(); // without a URL, the bar was only drawn
  }

  get #url() {
    return new URL(this.getAttribute("src") ?? "", document.baseURI).href;
  }

  get #isFinished() {
    return FINISHED_STATES.includes(this.getAttribute("state") ?? "");
  }

  async #watch() {
    await scriptsHaveRun;
    if (this.#stopWatching || !this.isConnected || !this.hasAttribute("src") || this.#isFinished) return;
    this.#stopWatching = watchJob(this.#url, {
      onChange: (job) => this.#onChange(job),
      onStop: (reason) => this.#onStop(reason),
    });
  }

  /** Create the elements, unless the server has rendered them. */
  #build() {
    this.#isBuilt = true;
    if (!this.querySelector("progress")) this.#createElements();
    for (const action of ACTION_NAMES) {
      this.#form(action)?.addEventListener("submit", (event) => {
        event.preventDefault();
        this.#send(action);
      });
    }
  }

  #createElements() {
    const bar = createElement("progress", { max: 100 });
    const [label, stage, count] = ["label", "stage", "count"].map((name) =>
      createElement("span", { className: `bar-${name}` }),
    );
    stage.setAttribute("role", "status");
    const forms = ACTION_NAMES.map((action) => {
      const form = createElement("form", { className: `bar-${action}`, hidden: true });
      form.append(createElement("button", { className: "quiet", textContent: ACTIONS[action] }));
      return form;
    });
    this.replaceChildren(label, bar, stage, count, ...forms);
  }

  get #bar() {
    return find(this, "progress", HTMLProgressElement);
  }

  /**
   * @param {Action} action
   * @returns {HTMLFormElement | null}
   */
  #form(action) {
    return this.querySelector(`form.bar-${action}`);
  }

  /** @param {Job} job */
  #onChange(job) {
    if (job.version < this.#version) return;
    const isNew = job.version !== this.#version;
    const isFinished = FINISHED_STATES.includes(job.state);
    this.#version = job.version;
    if (isFinished) this.#stopWatching = null; // a finished job isn't watched any longer
    this.draw({ ...job, percent: overallPercent(job.percent, Number(this.getAttribute("from"))) });
    this.#showAction("cancel", !isFinished && !job.cancel_requested);
    this.#showAction("retry", job.retryable);
    if (isNew) this.#dispatch("progress", job);
    if (isNew && isFinished) this.#dispatch(job.state, job);
  }

  /**
   * Draw a job, or an operation before it. `percent` is that of the whole bar.
   *
   * @param {DrawnJob} job
   */
  draw(job) {
    this.setAttribute("state", job.state);
    if (job.percent !== null) this.#bar.value = job.percent;
    else if (FINISHED_STATES.includes(job.state)) this.#bar.value = 0;
    else this.#bar.removeAttribute("value");
    this.#drawLabel(job.label);
    this.#drawStage(headline(job));
    find(this, ".bar-count").textContent = statistics(job);
  }

  /** @param {string} label */
  #drawLabel(label) {
    find(this, ".bar-label").textContent = label;
    this.#bar.setAttribute("aria-label", label);
    for (const action of ACTION_NAMES) {
      this.#form(action)?.querySelector("button")?.setAttribute("aria-label", `${ACTIONS[action]}: ${label}`);
    }
  }

  /**
   * Set only a new text, because a screen reader announces each text that is set.
   *
   * @param {string} text
   */
  #drawStage(text) {
    const stage = find(this, ".bar-stage");
    if (stage.textContent !== text) stage.textContent = text;
  }

  /**
   * Show or hide a button. If it has the focus when it is hidden, the bar gets it, so that the page doesn't scroll to
   * its top.
   *
   * @param {Action} action
   * @param {boolean} isShown
   */
  #showAction(action, isShown) {
    const form = this.#form(action);
    if (!form || form.hidden === !isShown) return;
    if (!isShown && form.contains(document.activeElement)) {
      this.tabIndex = -1;
      this.focus();
    }
    form.hidden = !isShown;
  }

  /**
   * Cancel or retry the job. The button isn't disabled during the request, because it would lose the focus.
   *
   * @param {Action} action
   */
  async #send(action) {
    const button = this.#form(action)?.querySelector("button");
    if (!button || button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    try {
      this.#onChange(await post(`${this.#url}${action}/`, this.#formToken));
    } catch {
      this.#drawStage("The request failed. Try again.");
    }
    button.ariaDisabled = null;
    this.#watch(); // needed after a retry, and after an error that has ended the watching
  }

  /** The token of the page's own forms, if the server has rendered them. */
  get #formToken() {
    return /** @type {HTMLInputElement | null} */ (this.querySelector("[name=csrfmiddlewaretoken]"))?.value;
  }

  /** @param {StopReason} reason */
  #onStop(reason) {
    this.#stopWatching = null;
    if (!this.#bar.hasAttribute("value")) this.#bar.value = 0; // an indeterminate bar would go on moving
    this.#showAction("cancel", false);
    this.#drawStage(STOP_MESSAGES[reason]);
    this.#dispatch("stopped", reason);
  }

  /**
   * @param {string} type
   * @param {Job | StopReason} detail
   */
  #dispatch(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}

/**
 * Cancel or retry a job and return its new state. If its state doesn't allow the action (409), return its state.
 *
 * @param {string} url
 * @param {string | undefined} knownToken
 * @returns {Promise<Job>}
 */
async function post(url, knownToken) {
  const token = new CsrfToken(() => fetchCsrfToken(new URL("../../../session/", url)), knownToken);
  try {
    const send = (/** @type {string} */ value) => request(url, { method: "POST", headers: { "X-CSRFToken": value } });
    return (await token.use(send)).json();
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    return (await request(new URL("../", url))).json();
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Partial<HTMLElementTagNameMap[Name]>} properties
 */
function createElement(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

/**
 * Return the percentage of an operation whose last part is a job; `overall_percent` in Python calculates the same.
 *
 * @param {number | null} percent of the job
 * @param {number} from the percentage that is complete when the job starts
 */
function overallPercent(percent, from) {
  return from ? Math.floor(from + ((percent ?? 0) * (100 - from)) / 100) : percent;
}

/** @param {DrawnJob} job */
function headline(job) {
  if (job.cancel_requested && !FINISHED_STATES.includes(job.state)) return "Stopping";
  switch (job.state) {
    case "queued":
      return job.attempt ? "Waiting to try again" : "Waiting";
    case "failed":
      return `Failed: ${job.error?.message}`;
    case "succeeded":
      return "Done";
    case "cancelled":
      return "Cancelled";
    default:
      return job.stage || "Starting";
  }
}

/** @param {DrawnJob} job */
function statistics(job) {
  const parts = [];
  const isRunning = job.state === "running";
  if (isRunning && job.unit) parts.push(formatCount(job));
  if (job.percent !== null) parts.push(`${job.percent} %`);
  if (isRunning && job.eta_seconds) parts.push(`${formatDuration(job.eta_seconds)} left`);
  return parts.join(" · ");
}

/** @param {DrawnJob} job */
function formatCount({ current, total, unit }) {
  if (unit === "bytes") return total === null ? formatSize(current) : `${formatSize(current)} of ${formatSize(total)}`;
  return total === null ? `${current} ${unit}` : `${current} of ${total} ${unit}`;
}

customElements.define("progress-bar", ProgressBar);
