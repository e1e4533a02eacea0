/**
 * A file that is being sent, as a row: one bar from the first byte that the server acknowledges to the last step of the
 * processing, and the buttons for the current state. The markup is in a <template> of the page.
 *
 * Events, which bubble: "choose" when the user wants to choose the file again; "finished" when there is nothing more to
 * show, with the upload as `detail`, or null if there is none.
 */

import { find, instantiate } from "../progress/dom.js";

/** @import { Job } from "../progress/job-watcher.js" */
/** @import { DrawnJob, ProgressBar } from "../progress/progress-bar.js" */
/** @import { Sender, SenderState } from "./sender.js" */

/** @type {Partial<Record<SenderState, string>>} */
const STAGES = {
  waiting: "Waiting for other files",
  sending: "Uploading",
  received: "Waiting",
  unreachable: "No connection, continues automatically",
  "logged out": "You are logged out",
  resuming: "Resuming…",
  "other tab": "Uploading in another tab",
  followed: "Uploading from another device",
  "other device": "Uploading from another device",
  paused: "Paused",
  "needs file": "Unfinished",
};

/** @type {Record<string, SenderState[]>} the states in which each button is shown */
const BUTTON_STATES = {
  pause: ["waiting", "sending", "resuming", "other device", "unreachable", "logged out"],
  resume: ["paused"],
  retry: ["failed"],
  choose: ["needs file", "followed"],
  cancel: [
    "waiting",
    "sending",
    "resuming",
    "followed",
    "other device",
    "unreachable",
    "logged out",
    "paused",
    "needs file",
  ],
  dismiss: ["failed", "rejected"],
};

export class UploadRow {
  #sender;
  #announce;
  /** @type {SenderState | null} */
  #state = null;

  /**
   * @param {Sender} sender
   * @param {HTMLTemplateElement} template
   * @param {(subject: string, message: string) => void} announce
   */
  constructor(sender, template, announce) {
    this.#sender = sender;
    this.#announce = announce;
    this.element = instantiate(template);
    find(this.element, ".row-name").textContent = sender.name;
    for (const button of this.#buttons) {
      button.setAttribute("aria-label", `${button.textContent}: ${sender.name}`);
      button.addEventListener("click", () => this.#onClick(button.dataset.do));
    }
    for (const state of ["succeeded", "failed", "cancelled"]) {
      this.#bar.addEventListener(state, () => this.#finish());
    }
    sender.addEventListener("change", () => this.#draw());
    this.#draw();
  }

  /**
   * Show a message to the user, or none.
   *
   * @param {string} text
   */
  showNote(text) {
    find(this.element, ".row-note").textContent = text;
  }

  get #bar() {
    return /** @type {ProgressBar} */ (find(this.element, "progress-bar"));
  }

  get #buttons() {
    return /** @type {HTMLButtonElement[]} */ ([...this.element.querySelectorAll("[data-do]")]);
  }

  /** @param {string | undefined} action */
  #onClick(action) {
    if (action === "choose") this.element.dispatchEvent(new CustomEvent("choose", { bubbles: true }));
    else if (action === "pause") this.#sender.pause();
    else if (action === "cancel" || action === "dismiss") this.#sender.cancel();
    else this.#sender.start();
  }

  #draw() {
    const { name, state, problem, upload } = this.#sender;
    const isNew = state !== this.#state;
    this.#state = state;
    if (state === "cancelled") return this.#finish();
    if (isNew) {
      this.#showButtons(state);
      this.showNote(state === "needs file" ? problem : "");
      find(this.element, ".row-login").hidden = state !== "logged out";
    }
    if (state === "sent") return upload?.job ? this.#watch(upload.job) : this.#finish();
    this.#bar.draw(this.#asJob());
    if (isNew) this.#announce(name, STAGES[state] ?? problem);
    return undefined;
  }

  /**
   * Let the bar watch the job that processes the file.
   *
   * @param {Job} job
   */
  #watch(job) {
    this.#bar.draw({ ...this.#asJob(), label: job.label, stage: "Waiting", unit: "" });
    this.#bar.setAttribute("src", job.url);
    this.#announce(this.#sender.name, "Uploaded, now being processed");
  }

  /**
   * Return the sending as a job. It is the first part of the bar, which ends where the processing starts.
   *
   * @returns {DrawnJob}
   */
  #asJob() {
    const { name, state, offset, size, problem, secondsLeft } = this.#sender;
    return {
      label: `Uploading ${name}`,
      state: ["failed", "rejected"].includes(state) ? "failed" : "running",
      stage: STAGES[state] ?? "",
      percent: Math.floor((Number(this.#bar.getAttribute("from")) * offset) / size) || 0,
      current: offset,
      total: size,
      unit: "bytes",
      eta_seconds: secondsLeft,
      error: { message: problem },
    };
  }

  /**
   * Show the buttons of this state. If a button with the focus is hidden, the next button gets the focus.
   *
   * @param {SenderState} state
   */
  #showButtons(state) {
    const buttons = this.#buttons;
    const focused = buttons.find((button) => button === document.activeElement);
    const isShown = (/** @type {HTMLButtonElement} */ button) => BUTTON_STATES[button.dataset.do ?? ""].includes(state);
    for (const button of buttons.filter(isShown)) button.hidden = false;
    if (focused && !isShown(focused)) (buttons.find(isShown) ?? this.element).focus();
    for (const button of buttons) button.hidden = !isShown(button);
  }

  #finish() {
    this.element.dispatchEvent(new CustomEvent("finished", { bubbles: true, detail: this.#sender.upload }));
  }
}
