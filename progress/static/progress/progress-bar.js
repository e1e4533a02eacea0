/**
 * <progress-bar src="/api/progress/<uuid>/"></progress-bar>
 *
 * Shows a job until it has ended, and lets its owner cancel it and try it again. It draws nothing that the server has
 * not said. Works from any origin that the server allows; cookies are sent.
 *
 * Where the job is only the rest of a longer work, `from="50"` says how much of that is done when the job begins: the
 * bar then goes from 50 to 100, and is never without a value. What comes before the job has no URL yet; whoever does it
 * calls `draw` with an object that has the fields of a job, and sets `src` when there is one.
 *
 * Events, which bubble, with the job as `detail`: "progress" at each change; then once "succeeded", "failed" or
 * "cancelled".
 */

import { duration, size } from "./figures.js";
import { FINISHED, watch } from "./job-stream.js";

const ACTIONS = { cancel: "Cancel", retry: "Try again" };

const STOPPED = {
  "logged out": "Log in again to see how far this is",
  unknown: "This job is not known any more",
  gone: "This job ended long ago",
};

class ProgressBar extends HTMLElement {
  static observedAttributes = ["src"];

  #version = -1;
  #built = false;
  #unwatch = null; // while nothing is watched

  connectedCallback() {
    if (!this.#built) this.#build();
    this.#watch();
  }

  disconnectedCallback() {
    this.#unwatch?.();
    this.#unwatch = null;
  }

  attributeChangedCallback(name, old) {
    if (old === null) this.#watch(); // it was only drawn until now
  }

  get #url() {
    return new URL(this.getAttribute("src"), document.baseURI).href;
  }

  #watch() {
    if (
      this.#unwatch ||
      !this.isConnected ||
      !this.hasAttribute("src") ||
      FINISHED.includes(this.getAttribute("state"))
    ) {
      return;
    }
    this.#unwatch = watch(this.#url, {
      job: (job) => this.#show(job),
      stopped: (why) => this.#stop(STOPPED[why]),
    });
  }

  /** The elements are the server's where it has rendered them, else our own. */
  #build() {
    this.#built = true;
    if (!this.querySelector("progress")) {
      const bar = make("progress", { max: 100 });
      const [label, stage, count] = ["label", "stage", "count"].map((name) =>
        make("span", { className: `bar-${name}` }),
      );
      stage.setAttribute("role", "status");
      const forms = Object.entries(ACTIONS).map(([action, text]) => {
        const form = make("form", { className: `bar-${action}`, hidden: true });
        form.append(make("button", { className: "quiet", textContent: text }));
        return form;
      });
      this.replaceChildren(label, bar, stage, count, ...forms);
    }
    for (const action of Object.keys(ACTIONS)) {
      this.#form(action)?.addEventListener("submit", (event) => {
        event.preventDefault();
        this.#act(action);
      });
    }
  }

  #form(action) {
    return this.querySelector(`.bar-${action}`);
  }

  #show(job) {
    if (job.version < this.#version) return;
    const changed = job.version !== this.#version;
    const finished = FINISHED.includes(job.state);
    this.#version = job.version;
    if (finished) this.#unwatch = null; // it ends by itself
    this.draw({ ...job, percent: overall(job.percent, Number(this.getAttribute("from"))) });
    this.#offer("cancel", !finished && !job.cancel_requested);
    this.#offer("retry", job.retryable);
    if (changed) this.#tell("progress", job);
    if (changed && finished) this.#tell(job.state, job);
  }

  /** What it looks like; `percent` is that of the whole bar, whatever it begins from. */
  draw(job) {
    this.setAttribute("state", job.state);
    const bar = this.querySelector("progress");
    if (job.percent !== null) bar.value = job.percent;
    else if (FINISHED.includes(job.state)) bar.value = 0;
    else bar.removeAttribute("value");
    this.#name(job.label);
    this.#say(headline(job));
    this.querySelector(".bar-count").textContent = figures(job);
  }

  #name(label) {
    this.querySelector(".bar-label").textContent = label;
    this.querySelector("progress").setAttribute("aria-label", label);
    for (const [action, text] of Object.entries(ACTIONS)) {
      this.#form(action)?.querySelector("button").setAttribute("aria-label", `${text}: ${label}`);
    }
  }

  /** A button that disappears under the focus would throw the reader to the top of the page. */
  #offer(action, offered) {
    const form = this.#form(action);
    if (!form || form.hidden === !offered) return;
    if (!offered && form.contains(document.activeElement)) {
      this.tabIndex = -1;
      this.focus();
    }
    form.hidden = !offered;
  }

  /** The button is not disabled meanwhile, because it would lose the focus. */
  async #act(action) {
    const button = this.#form(action).querySelector("button");
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    try {
      this.#show(await post(`${this.#url}${action}/`, this.#token()));
    } catch {
      this.#say("That did not work. Try again.");
    }
    button.ariaDisabled = null;
    this.#watch(); // as after a retry, or when we knew too little
  }

  /** What the page itself has for its forms, if it is the server's own. */
  #token() {
    return this.querySelector("[name=csrfmiddlewaretoken]")?.value;
  }

  #stop(why) {
    this.#unwatch = null;
    const bar = this.querySelector("progress");
    if (!bar.hasAttribute("value")) bar.value = 0; // nothing moves any more
    this.#offer("cancel", false);
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

/** The job as it is after that. A token that the server doesn't take, or that we don't have, is asked for. */
async function post(url, token) {
  let response = token && (await send(url, token));
  if (!response || response.status === 403) {
    const session = await fetch(new URL("../../../session/", url), { credentials: "include" });
    response = await send(url, (await session.json()).csrf_token);
  }
  if (response.status === 409) response = await fetch(new URL("../", url), { credentials: "include" });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

function send(url, token) {
  return fetch(url, { method: "POST", credentials: "include", headers: { "X-CSRFToken": token } });
}

function make(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

/** The percent of a work of which so much is done when the job begins; a page without JavaScript has the same. */
function overall(percent, from) {
  return from ? Math.floor(from + ((percent ?? 0) * (100 - from)) / 100) : percent;
}

function headline(job) {
  if (job.cancel_requested && !FINISHED.includes(job.state)) return "Stopping";
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
  const running = job.state === "running";
  if (running && job.unit) parts.push(count(job));
  if (job.percent !== null) parts.push(`${job.percent} %`);
  if (running && job.eta_seconds) parts.push(`${duration(job.eta_seconds)} left`);
  return parts.join(" · ");
}

function count({ current, total, unit }) {
  if (unit === "bytes") return total === null ? size(current) : `${size(current)} of ${size(total)}`;
  return total === null ? `${current} ${unit}` : `${current} of ${total} ${unit}`;
}

customElements.define("progress-bar", ProgressBar);
