/**
 * A file on its way, as a row: one bar from the first byte that the server has acknowledged to the last step of its
 * processing, and the buttons that make sense at that moment. The markup is the page's, in its <template>.
 *
 * Events, which bubble: "choose", when the user wants to give the file; "over", with the upload as `detail`, when its
 * job has ended, and null when there will be none.
 */

const STAGES = {
  waiting: "Waiting for its turn",
  sending: "Sending",
  arrived: "Waiting",
  unreachable: "No connection; goes on by itself",
  "logged out": "You are not logged in any more",
  resuming: "Resuming…",
  elsewhere: "Being sent in another tab",
  followed: "Being sent from another device",
  contested: "Being sent from another device",
  paused: "Paused",
  "needs file": "Unfinished",
};

const BUTTONS = {
  pause: ["waiting", "sending", "resuming", "contested", "unreachable", "logged out"],
  resume: ["paused"],
  retry: ["failed"],
  choose: ["needs file", "followed"],
  cancel: [
    "waiting",
    "sending",
    "resuming",
    "followed",
    "contested",
    "unreachable",
    "logged out",
    "paused",
    "failed",
    "needs file",
    "refused",
  ],
};

export class Row {
  #sender;
  #announce;
  #state = null;

  constructor(sender, template, announce) {
    this.#sender = sender;
    this.#announce = announce;
    this.element = document.importNode(template.content.firstElementChild, true);
    this.element.querySelector(".row-name").textContent = sender.name;
    for (const button of this.#buttons()) {
      button.setAttribute("aria-label", `${button.textContent}: ${sender.name}`);
      button.addEventListener("click", () => this.#do(button.dataset.do));
    }
    this.#bar.addEventListener("cancelled", () => this.#over());
    this.#bar.addEventListener("failed", () => this.#over());
    this.#bar.addEventListener("succeeded", () => this.#over());
    sender.addEventListener("change", () => this.#draw());
    this.#draw();
  }

  /** Say something that the user must know; empty, when that is over. */
  note(text) {
    this.element.querySelector(".row-note").textContent = text;
  }

  get #bar() {
    return this.element.querySelector("progress-bar");
  }

  #buttons() {
    return [...this.element.querySelectorAll("[data-do]")];
  }

  #do(what) {
    const { element } = this;
    if (what === "choose") element.dispatchEvent(new CustomEvent("choose", { bubbles: true, detail: this }));
    else if (what === "pause") this.#sender.pause();
    else if (what === "cancel") this.#sender.cancel();
    else this.#sender.start();
  }

  #draw() {
    const { state, upload } = this.#sender;
    const changed = state !== this.#state;
    this.#state = state;
    if (state === "cancelled") return this.#over();
    if (changed) {
      this.#offer(state);
      this.note(state === "needs file" ? this.#sender.problem : "");
      this.element.querySelector(".row-login").hidden = state !== "logged out";
    }
    if (state === "sent") return upload.job ? this.#watch(upload.job) : this.#over();
    this.#bar.draw(this.#asJob());
    if (changed) this.#announce(this.#sender.name, STAGES[state] ?? this.#sender.problem);
  }

  /** From here on, the bar watches by itself. */
  #watch(job) {
    this.#bar.draw({ ...this.#asJob(), label: job.label, stage: "Waiting", unit: "" });
    this.#bar.setAttribute("src", job.url);
    this.#announce(this.#sender.name, "Sent; being processed");
  }

  /** The sending is the first part of the work, up to where the bar begins to watch. */
  #asJob() {
    const { name, state, offset, size, problem, secondsLeft } = this.#sender;
    return {
      label: `Sending ${name}`,
      state: ["failed", "refused"].includes(state) ? "failed" : "running",
      stage: STAGES[state],
      percent: Math.floor((Number(this.#bar.getAttribute("from")) * offset) / size) || 0,
      current: offset,
      total: size,
      unit: "bytes",
      eta_seconds: secondsLeft,
      error: { message: problem },
    };
  }

  /** A button that disappears under the focus hands it to the next. */
  #offer(state) {
    const buttons = this.#buttons();
    const focused = buttons.find((button) => button === document.activeElement);
    const makesSense = (button) => BUTTONS[button.dataset.do].includes(state);
    for (const button of buttons.filter(makesSense)) button.hidden = false;
    if (focused && !makesSense(focused)) (buttons.find(makesSense) ?? this.element).focus();
    for (const button of buttons) button.hidden = !makesSense(button);
  }

  #over() {
    this.element.dispatchEvent(new CustomEvent("over", { bubbles: true, detail: this.#sender.upload }));
  }
}
