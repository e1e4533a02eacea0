/**
 * <progress-bar src="/api/progress/<uuid>/"></progress-bar>
 *
 * Shows a job until it has ended: asks its URL, draws what it answers, and asks again. It draws nothing that the
 * server has not said. Works from any origin that the server allows; cookies are sent.
 *
 * Events, which bubble, with the job as `detail`: "progress" at each change; then once "succeeded", "failed" or
 * "cancelled".
 */

const FINISHED = ["succeeded", "failed", "cancelled"];
const ASK_MS = 300; // between two answers while the job moves
const IDLE_MS = 2000; // at most so long between them while it stands still
const RETRY_MS = 30000; // at most so long between attempts while the server can't be reached

const STOPPED = {
  401: "Log in again to see how far this is",
  404: "This job is not known any more",
  410: "This job ended long ago",
};

class ProgressBar extends HTMLElement {
  #delay = ASK_MS;
  #timer = null;
  #waiting = false; // between an answer and the next question
  #request = null;
  #version = 0;
  #wake = () => {
    if (!document.hidden && this.#waiting) this.#ask();
  };

  connectedCallback() {
    this.#build();
    addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
    if (!FINISHED.includes(this.getAttribute("state"))) this.#ask();
  }

  disconnectedCallback() {
    removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#wake);
    clearTimeout(this.#timer);
    this.#waiting = false;
    this.#request?.abort();
  }

  /** The elements are the server's where it has rendered them, else our own. */
  #build() {
    if (this.querySelector("progress")) return;
    const bar = document.createElement("progress");
    bar.max = 100;
    const [label, stage, count] = ["label", "stage", "count"].map((name) => {
      const span = document.createElement("span");
      span.className = `bar-${name}`;
      return span;
    });
    stage.setAttribute("role", "status");
    this.replaceChildren(label, bar, stage, count);
  }

  async #ask() {
    clearTimeout(this.#timer);
    this.#waiting = false;
    this.#request = new AbortController();
    const answer = await this.#fetch(this.#request.signal);
    if (!this.isConnected || answer === "aborted") return;
    if (answer in STOPPED) return this.#stop(STOPPED[answer]);
    if (typeof answer === "object") {
      this.#delay = answer.version === this.#version ? Math.min(this.#delay * 1.5, IDLE_MS) : ASK_MS;
      if (this.#show(answer)) return;
    } else {
      this.#delay = Math.min(this.#delay * 2, RETRY_MS);
    }
    this.#waiting = true;
    if (!document.hidden) this.#timer = setTimeout(() => this.#ask(), this.#delay);
  }

  /** The job; or, if there is none, the status that says why; or "unreachable" or "aborted". */
  async #fetch(signal) {
    try {
      const options = { credentials: "include", headers: { Accept: "application/json" }, signal };
      const response = await fetch(this.getAttribute("src"), options);
      return response.ok ? await response.json() : response.status;
    } catch {
      return signal.aborted ? "aborted" : "unreachable";
    }
  }

  /** Draw the job; true when it has ended. */
  #show(job) {
    const changed = job.version !== this.#version;
    const finished = FINISHED.includes(job.state);
    this.#version = job.version;
    this.setAttribute("state", job.state);
    const bar = this.querySelector("progress");
    if (job.percent !== null) bar.value = job.percent;
    else if (finished) bar.value = 0;
    else bar.removeAttribute("value");
    const label = this.querySelector(".bar-label");
    label.textContent = job.label;
    bar.setAttribute("aria-label", job.label);
    this.#say(headline(job));
    this.querySelector(".bar-count").textContent = figures(job);
    if (changed) this.#tell("progress", job);
    if (finished) this.#tell(job.state, job);
    return finished;
  }

  #stop(why) {
    const bar = this.querySelector("progress");
    if (!bar.hasAttribute("value")) bar.value = 0; // nothing moves any more
    this.#say(why);
  }

  /** Only a new text is set, because setting it is what makes a screen reader announce it. */
  #say(text) {
    const stage = this.querySelector(".bar-stage");
    if (stage.textContent !== text) stage.textContent = text;
  }

  #tell(type, job) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail: job }));
  }
}

function headline(job) {
  switch (job.state) {
    case "queued":
      return job.attempt ? "Waiting to try again" : "Waiting";
    case "failed":
      return `Failed: ${job.error.message}`;
    case "succeeded":
      return "Done";
    case "cancelled":
      return "Cancelled";
    default:
      return job.stage || "Starting";
  }
}

function figures(job) {
  const parts = [];
  if (job.state === "running" && job.unit && job.unit !== "bytes" && job.total) {
    parts.push(`${job.current} of ${job.total} ${job.unit}`);
  }
  if (job.percent !== null) parts.push(`${job.percent} %`);
  if (job.state === "running" && job.eta_seconds) parts.push(`${duration(job.eta_seconds)} left`);
  return parts.join(" · ");
}

function duration(seconds) {
  return seconds < 90 ? `${seconds} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

customElements.define("progress-bar", ProgressBar);
