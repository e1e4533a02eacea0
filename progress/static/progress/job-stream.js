/**
 * Watches jobs for whoever shows them: one stream for all that come from the same server.
 *
 *   const stop = watch(url, { job(job) {…}, stopped(why) {…} });
 *
 * `url` is a job's own, "…/api/progress/<uuid>/". `job` is called with each state that the server tells, and not any
 * more once the job has ended; `stopped`, when there is nothing to wait for: "unknown", "gone" or "logged out".
 *
 * A stream that breaks is opened anew, ever more seldom, but at once when the network or the reader comes back. While
 * nobody looks at the page there is none, because a browser opens only six connections to a server. When the server has
 * too many streams, the jobs are asked for instead.
 */

export const FINISHED = ["succeeded", "failed", "cancelled"];

const MOST_IDS = 100; // a stream
const GATHER_MS = 30; // bars that come at the same time share a stream from the start
const RETRY_MS = 500; // before the first new attempt; doubled each time
const LONGEST_RETRY_MS = 30000;
const POLL_MS = 1000;
const COME_BACK_SECONDS = 5; // if it says "later" in a way that we don't understand
const SILENCE_MS = 40000; // the server says something every 15 seconds

const channels = [];

export function watch(url, listener) {
  const id = url.match(/([0-9a-f-]{36})\/?$/i)?.[1].toLowerCase();
  if (!id) {
    queueMicrotask(() => listener.stopped("unknown"));
    return () => {};
  }
  const base = new URL("../", url).href;
  let channel = channels.find((channel) => channel.base === base && channel.hasRoomFor(id));
  if (!channel) channels.push((channel = new Channel(base)));
  channel.add(id, listener);
  return () => channel.remove(id, listener);
}

addEventListener("online", () => channels.forEach((channel) => channel.wake()));
document.addEventListener("visibilitychange", () =>
  channels.forEach((channel) => (document.hidden ? channel.pause() : channel.wake())),
);

class Channel {
  #listeners = new Map(); // id → a set of them
  #timer = null;
  #request = null;
  #failures = 0;
  #pollUntil = 0;

  constructor(base) {
    this.base = base;
  }

  hasRoomFor(id) {
    return this.#listeners.has(id) || this.#listeners.size < MOST_IDS;
  }

  add(id, listener) {
    if (!this.#listeners.has(id)) this.#listeners.set(id, new Set());
    this.#listeners.get(id).add(listener);
    this.#soon(GATHER_MS);
  }

  remove(id, listener) {
    this.#listeners.get(id)?.delete(listener);
    if (!this.#listeners.get(id)?.size) this.#listeners.delete(id);
    if (!this.#listeners.size) this.pause();
  }

  /** The network, or the reader, is back. */
  wake() {
    if (!this.#listeners.size) return;
    this.pause(); // what is open may be broken without knowing it
    this.#failures = 0;
    this.#soon(0);
  }

  pause() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#request = null;
  }

  #soon(ms) {
    clearTimeout(this.#timer);
    if (!document.hidden) this.#timer = setTimeout(() => this.#open(), ms);
  }

  /** One life of a stream, or one question. A new one aborts the old one. */
  async #open() {
    this.pause();
    if (!this.#listeners.size) return;
    const request = (this.#request = new AbortController());
    const streaming = Date.now() >= this.#pollUntil;
    let pause;
    try {
      pause = streaming ? await this.#stream(request) : await this.#poll(request);
    } catch {
      if (this.#request === request) pause = this.#backOff();
    }
    request.abort(); // whatever is left of it
    if (this.#request !== request) return; // another has taken over
    this.#request = null;
    if (this.#listeners.size) this.#soon(pause);
  }

  /** Each way of asking gives the pause before the next, in milliseconds. */
  async #stream(request) {
    const silence = new Silence(() => request.abort());
    try {
      const response = await this.#fetch("stream/", request);
      if (!response.ok) return this.#refused(response, true);
      for await (const { event, data } of events(response.body, silence)) {
        this.#failures = 0;
        if (event === "job") this.#tell(JSON.parse(data));
        else if (event === "missing") await this.#miss(JSON.parse(data).id, request);
        else if (event === "end") return RETRY_MS;
      }
    } finally {
      silence.end();
    }
    return this.#backOff();
  }

  async #poll(request) {
    const response = await this.#fetch("", request);
    if (!response.ok) return this.#refused(response, false);
    const { jobs, missing } = await response.json();
    this.#failures = 0;
    jobs.forEach((job) => this.#tell(job));
    for (const id of missing) await this.#miss(id, request);
    return POLL_MS;
  }

  #fetch(path, request) {
    const query = [...this.#listeners.keys()].map((id) => `id=${id}`).join("&");
    return ask(`${this.base}${path}?${query}`, request.signal);
  }

  /** A server that says when to come back is asked for the jobs themselves until then, if it has room for that. */
  #refused(response, streaming) {
    if (response.status === 401) this.#stop("logged out");
    else if ([404, 410].includes(response.status)) this.#stop("unknown");
    else if (response.status === 503 && response.headers.has("Retry-After")) {
      const seconds = Number(response.headers.get("Retry-After")) || COME_BACK_SECONDS;
      this.#pollUntil = Date.now() + 1000 * seconds;
      if (streaming) return POLL_MS;
    }
    return this.#backOff();
  }

  /** Half of it is chance, so that the clients of a server that was away don't all come back at once. */
  #backOff() {
    const longest = Math.min(RETRY_MS * 2 ** this.#failures++, LONGEST_RETRY_MS);
    return longest * (0.5 + Math.random() / 2);
  }

  #tell(job) {
    const listeners = [...(this.#listeners.get(job.id) ?? [])];
    if (FINISHED.includes(job.state)) this.#listeners.delete(job.id);
    for (const listener of listeners) {
      try {
        listener.job(job);
      } catch (error) {
        reportError(error); // its own matter; the others shall know of the job all the same
      }
    }
  }

  /** A stream can't say why a job is missing; its own URL does. */
  async #miss(id, request) {
    const response = await ask(`${this.base}${id}/`, request.signal);
    if (![404, 410].includes(response.status)) throw new Error(`${response.url} answered ${response.status}`);
    this.#drop(id, response.status === 410 ? "gone" : "unknown");
  }

  #stop(why) {
    [...this.#listeners.keys()].forEach((id) => this.#drop(id, why));
  }

  #drop(id, why) {
    const listeners = [...(this.#listeners.get(id) ?? [])];
    this.#listeners.delete(id);
    listeners.forEach((listener) => listener.stopped(why));
  }
}

/** Calls back when nothing was heard for too long: a connection can break without a sign. */
class Silence {
  #timer = null;
  #broken;

  constructor(broken) {
    this.#broken = broken;
    this.heard();
  }

  heard() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#broken, SILENCE_MS);
  }

  end() {
    clearTimeout(this.#timer);
  }
}

function ask(url, signal) {
  return fetch(url, { credentials: "include", cache: "no-store", signal });
}

/** The events of a text/event-stream. */
async function* events(body, silence) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    silence.heard();
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)));
      if (fields.event) yield fields;
    }
  }
}
