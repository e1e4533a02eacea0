/**
 * Watches jobs for whoever shows them: one stream for all that come from the same server, however many they are.
 *
 *   const stop = watch(url, { job(job) {…}, stopped(why) {…} });
 *
 * `url` is a job's own, "…/api/progress/<uuid>/". `job` is called with each state that the server tells, and not any
 * more once the job has ended; `stopped`, when there is nothing to wait for: "unknown", "gone" or "logged out".
 *
 * When the server has too many streams, or nothing comes through the stream, the jobs are polled instead.
 */

import { Channel, get } from "./event-stream.js";

export const FINISHED = ["succeeded", "failed", "cancelled"];

const MAX_IDS = 100; // of a request; for more jobs there is a stream of all jobs of the user
const GATHER_MS = 30; // bars that come at the same time share a stream from the start
const AGAIN_MS = 500; // after a stream whose jobs have all ended, while others came
const POLL_MS = 1000;
const CHECK_MS = 60000; // the stream of all jobs doesn't report that a job was deleted

const channels = [];

export function watch(url, listener) {
  const id = url.match(/([0-9a-f-]{36})\/?$/i)?.[1].toLowerCase();
  if (!id) {
    queueMicrotask(() => listener.stopped("unknown"));
    return () => {};
  }
  const base = new URL("../", url).href;
  let channel = channels.find((channel) => channel.base === base);
  if (!channel) channels.push((channel = new Jobs(base)));
  channel.add(id, listener);
  return () => channel.remove(id, listener);
}

class Jobs extends Channel {
  #listeners = new Map(); // id → a set of them; the ids that were requested last are at the end
  #running = new Set(); // ids
  #unknown = new Set(); // ids whose state has to be requested, while the stream is that of all jobs
  #streamOfAll = null; // its request

  constructor(base) {
    super();
    this.base = base;
  }

  get isWanted() {
    return this.#listeners.size > 0;
  }

  add(id, listener) {
    if (!this.#listeners.has(id)) this.#listeners.set(id, new Set());
    this.#listeners.get(id).add(listener);
    if (!this.#streamOfAll) this.soon(GATHER_MS);
    else if (this.#unknown.size) this.#unknown.add(id);
    else {
      this.#unknown.add(id);
      setTimeout(() => this.#catchUp(), GATHER_MS);
    }
  }

  remove(id, listener) {
    this.#listeners.get(id)?.delete(listener);
    if (!this.#listeners.get(id)?.size) this.#listeners.delete(id);
    if (!this.isWanted) this.pause();
  }

  ask(request) {
    return this.isPolling ? this.#poll(request) : this.#stream(request);
  }

  async #stream(request) {
    const ids = [...this.#listeners.keys()];
    const isOfAll = ids.length > MAX_IDS;
    const hear = async ({ event, data }) => {
      if (event === "job") this.#tell(JSON.parse(data));
      else if (event === "missing") await this.#miss(JSON.parse(data).id, request);
      else if (event === "ready") this.#catchUp();
      return (event === "end" || !this.isWanted) && AGAIN_MS;
    };
    if (isOfAll) {
      this.#streamOfAll = request;
      this.#unknown = new Set(ids);
    }
    const timer = isOfAll && setInterval(() => this.#checkAll(), CHECK_MS);
    try {
      return await this.listen(this.#url("stream/", isOfAll ? [] : ids), request, hear, (response) =>
        this.#refused(response),
      );
    } finally {
      clearInterval(timer);
      if (this.#streamOfAll === request) this.#streamOfAll = null;
    }
  }

  /** Request the state of each job, unless that is going on already. */
  #checkAll() {
    if (this.#unknown.size) return;
    this.#unknown = new Set(this.#listeners.keys());
    this.#catchUp();
  }

  /** The stream of all jobs tells only of changes. */
  async #catchUp() {
    const request = this.#streamOfAll;
    try {
      while (request && request === this.#streamOfAll && this.#unknown.size) {
        const ids = [...this.#unknown].slice(0, MAX_IDS);
        await this.#request(ids, request);
        for (const id of ids) this.#unknown.delete(id);
      }
    } catch {
      if (request === this.#streamOfAll) request.abort(); // it is opened anew
    }
  }

  /** One request, for the running jobs and for those that were requested longest ago. */
  async #poll(request) {
    const ids = [...this.#listeners.keys()]
      .sort((a, b) => this.#running.has(b) - this.#running.has(a))
      .slice(0, MAX_IDS);
    for (const id of ids) {
      const listeners = this.#listeners.get(id);
      this.#listeners.delete(id);
      this.#listeners.set(id, listeners);
    }
    try {
      await this.#request(ids, request);
    } catch (error) {
      if (!error.response) throw error;
      return this.#refused(error.response);
    }
    return POLL_MS;
  }

  /** Raises an error with the response, if that is none of jobs. */
  async #request(ids, request) {
    const response = await get(this.#url("", ids), request.signal);
    if (!response.ok) throw Object.assign(new Error(`${response.url} answered ${response.status}`), { response });
    const { jobs, missing } = await response.json();
    this.heard();
    jobs.forEach((job) => this.#tell(job));
    for (const id of missing) await this.#miss(id, request);
  }

  #url(path, ids) {
    return `${this.base}${path}${ids.length ? "?" : ""}${ids.map((id) => `id=${id}`).join("&")}`;
  }

  #refused(response) {
    if (response.status === 401) this.#stop("logged out");
    else if ([404, 410].includes(response.status)) this.#stop("unknown");
    return this.refused(response, POLL_MS);
  }

  #tell(job) {
    const listeners = [...(this.#listeners.get(job.id) ?? [])];
    if (FINISHED.includes(job.state)) this.#listeners.delete(job.id);
    if (job.state === "running") this.#running.add(job.id);
    else this.#running.delete(job.id);
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
