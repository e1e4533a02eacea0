/**
 * Watches jobs for whoever shows them: one stream for all that come from the same server.
 *
 *   const stop = watch(url, { job(job) {…}, stopped(why) {…} });
 *
 * `url` is a job's own, "…/api/progress/<uuid>/". `job` is called with each state that the server tells, and not any
 * more once the job has ended; `stopped`, when there is nothing to wait for: "unknown", "gone" or "logged out".
 *
 * When the server has too many streams, the jobs are asked for instead.
 */

import { Channel, comeBack, get } from "./event-stream.js";

export const FINISHED = ["succeeded", "failed", "cancelled"];

const MOST_IDS = 100; // a stream
const GATHER_MS = 30; // bars that come at the same time share a stream from the start
const AGAIN_MS = 500; // after a stream whose jobs have all ended, while others came
const POLL_MS = 1000;

const channels = [];

export function watch(url, listener) {
  const id = url.match(/([0-9a-f-]{36})\/?$/i)?.[1].toLowerCase();
  if (!id) {
    queueMicrotask(() => listener.stopped("unknown"));
    return () => {};
  }
  const base = new URL("../", url).href;
  let channel = channels.find((channel) => channel.base === base && channel.hasRoomFor(id));
  if (!channel) channels.push((channel = new Jobs(base)));
  channel.add(id, listener);
  return () => channel.remove(id, listener);
}

class Jobs extends Channel {
  #listeners = new Map(); // id → a set of them
  #pollUntil = 0;

  constructor(base) {
    super();
    this.base = base;
  }

  get isWanted() {
    return this.#listeners.size > 0;
  }

  hasRoomFor(id) {
    return this.#listeners.has(id) || this.#listeners.size < MOST_IDS;
  }

  add(id, listener) {
    if (!this.#listeners.has(id)) this.#listeners.set(id, new Set());
    this.#listeners.get(id).add(listener);
    this.soon(GATHER_MS);
  }

  remove(id, listener) {
    this.#listeners.get(id)?.delete(listener);
    if (!this.#listeners.get(id)?.size) this.#listeners.delete(id);
    if (!this.isWanted) this.pause();
  }

  ask(request) {
    return Date.now() >= this.#pollUntil ? this.#stream(request) : this.#poll(request);
  }

  #stream(request) {
    const hear = async ({ event, data }) => {
      if (event === "job") this.#tell(JSON.parse(data));
      else if (event === "missing") await this.#miss(JSON.parse(data).id, request);
      return event === "end" && AGAIN_MS;
    };
    return this.listen(this.#url("stream/"), request, hear, (response) => this.#refused(response, true));
  }

  async #poll(request) {
    const response = await get(this.#url(""), request.signal);
    if (!response.ok) return this.#refused(response, false);
    const { jobs, missing } = await response.json();
    this.heard();
    jobs.forEach((job) => this.#tell(job));
    for (const id of missing) await this.#miss(id, request);
    return POLL_MS;
  }

  #url(path) {
    return `${this.base}${path}?${[...this.#listeners.keys()].map((id) => `id=${id}`).join("&")}`;
  }

  /** A server that says when to come back is asked for the jobs themselves until then, if it has room for that. */
  #refused(response, streaming) {
    const later = comeBack(response);
    if (response.status === 401) this.#stop("logged out");
    else if ([404, 410].includes(response.status)) this.#stop("unknown");
    else if (later !== null) {
      this.#pollUntil = Date.now() + later;
      if (streaming) return POLL_MS;
    }
    return this.backOff();
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
    const response = await get(`${this.base}${id}/`, request.signal);
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
