/**
 * Watching of jobs: all jobs of one server share one stream, however many there are. It is the stream of all jobs of the
 * user if there are many or if a script watches all of them.
 *
 * When the server has too many streams, or nothing is received through the stream, the jobs are polled instead.
 */

import { EventStream, get } from "./event-stream.js";

/**
 * A job as the API returns it.
 *
 * @typedef {object} Job
 * @property {string} id
 * @property {string} url
 * @property {string} label
 * @property {"queued" | "running" | "succeeded" | "failed" | "cancelled"} state
 * @property {number | null} percent
 * @property {string} stage
 * @property {number} current
 * @property {number | null} total
 * @property {string} unit
 * @property {number | null} eta_seconds
 * @property {number} version
 * @property {number} attempt
 * @property {boolean} cancel_requested
 * @property {boolean} retryable
 * @property {{ code: string, message: string } | null} error
 */

/** @typedef {"unknown" | "expired" | "logged out"} StopReason why a job can't be watched */
/** @typedef {{ onChange: (job: Job) => void, onStop: (reason: StopReason) => void }} Listener */

export const FINISHED_STATES = ["succeeded", "failed", "cancelled"];

const MAX_IDS = 100; // ids per request; more jobs are watched by the stream of all jobs of the user
const GATHER_MS = 30; // bars that are added at the same time share a stream from the start
const NEXT_STREAM_MS = 500; // delay after a stream whose jobs have all finished, if other jobs were added
const POLL_MS = 1000;
const IDLE_POLL_MS = 10000; // while all jobs are watched and none is unfinished
const CHECK_MS = 60000; // the stream of all jobs doesn't report that a job was deleted
const UNFINISHED = "?filter=unfinished"; // the query that selects unfinished jobs, of a list and of a stream

/** @type {JobStream[]} */
const streams = [];

/**
 * Watch the job with this URL, which ends with "/api/progress/<uuid>/", and return a function that stops watching.
 *
 * `onChange` is called with each state of the job, until it has finished. `onStop` is called if there is nothing to
 * wait for.
 *
 * @param {string} url
 * @param {Listener} listener
 */
export function watchJob(url, listener) {
  const id = url.match(/([0-9a-f-]{36})\/?$/i)?.[1].toLowerCase();
  if (!id) {
    queueMicrotask(() => listener.onStop("unknown"));
    return () => {};
  }
  const stream = streamOf(new URL("../", url).href);
  stream.add(id, listener);
  return () => stream.remove(id, listener);
}

/**
 * Watch all jobs of the user on the server whose jobs have this URL, which ends with "/api/progress/".
 *
 * `onChange` is called with each unfinished job at the start, and with each later change of any job, including its end.
 * It may be called again with the same version after a reconnection. At most 100 of the jobs that were enqueued before
 * are reported at the start; the others are reported when they change.
 *
 * @param {string} base
 * @param {Listener} listener
 */
export function watchAllJobs(base, listener) {
  streamOf(new URL(base, document.baseURI).href).addObserver(listener);
}

/** @param {string} base the URL of the server's jobs */
function streamOf(base) {
  const stream = streams.find((known) => known.base === base) ?? new JobStream(base);
  if (!streams.includes(stream)) streams.push(stream);
  return stream;
}

/** The jobs that are watched on one server. */
class JobStream extends EventStream {
  /** @type {Map<string, Set<Listener>>} by job id; the ids that were polled last are at the end */
  #listeners = new Map();
  /** @type {Set<Listener>} the listeners of all jobs */
  #observers = new Set();
  /** @type {Map<string, Job>} the last state of each unfinished job, by id */
  #unfinished = new Map();
  /** @type {Set<string>} the ids whose state has to be requested, while the stream is that of all jobs */
  #unknown = new Set();
  /** @type {AbortController | null} the connection of the stream of all jobs */
  #streamOfAll = null;

  /** @param {string} base */
  constructor(base) {
    super();
    this.base = base;
  }

  get isNeeded() {
    return this.#listeners.size + this.#observers.size > 0;
  }

  /** @param {Listener} observer */
  addObserver(observer) {
    this.#observers.add(observer);
    this.connectAfter(GATHER_MS);
  }

  /**
   * @param {string} id
   * @param {Listener} listener
   */
  add(id, listener) {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    if (!this.#streamOfAll) return this.connectAfter(GATHER_MS);
    const job = this.#unfinished.get(id);
    if (job) return queueMicrotask(() => listeners.has(listener) && listener.onChange(job));
    if (!this.#unknown.size) setTimeout(() => this.#requestUnknown(), GATHER_MS);
    this.#unknown.add(id);
    return undefined;
  }

  /**
   * @param {string} id
   * @param {Listener} listener
   */
  remove(id, listener) {
    this.#listeners.get(id)?.delete(listener);
    if (!this.#listeners.get(id)?.size) this.#listeners.delete(id);
    if (!this.isNeeded) this.pause();
  }

  /** @param {AbortController} connection */
  connect(connection) {
    return this.isPolling ? this.#poll(connection) : this.#stream(connection);
  }

  /** @param {AbortController} connection */
  async #stream(connection) {
    const ids = [...this.#listeners.keys()];
    const isOfAll = ids.length > MAX_IDS || this.#observers.size > 0;
    const url = `${this.base}stream/${this.#observers.size ? UNFINISHED : isOfAll ? "" : idQuery(ids)}`;
    let timer;
    if (isOfAll) {
      this.#streamOfAll = connection;
      this.#unfinished.clear();
      this.#unknown = new Set(ids);
      timer = setInterval(() => this.#requestAll(), CHECK_MS);
    }
    try {
      return await this.readStream(
        url,
        connection,
        (event) => this.#onEvent(event, connection),
        (response) => this.#onError(response),
      );
    } finally {
      clearInterval(timer);
      if (this.#streamOfAll === connection) this.#streamOfAll = null;
    }
  }

  /**
   * @param {{ event: string, data: string }} event
   * @param {AbortController} connection
   */
  async #onEvent({ event, data }, connection) {
    if (event === "job") this.#onJob(JSON.parse(data));
    else if (event === "missing") await this.#onMissing(JSON.parse(data).id, connection);
    else if (event === "ready") this.#requestUnknown();
    return (event === "end" || !this.isNeeded) && NEXT_STREAM_MS;
  }

  /** Request the state of each job, unless that is going on already. */
  #requestAll() {
    if (this.#unknown.size) return;
    this.#unknown = new Set(this.#listeners.keys());
    this.#requestUnknown();
  }

  /** Request the states that are unknown: the stream of all jobs reports only changes. */
  async #requestUnknown() {
    const connection = this.#streamOfAll;
    if (!connection) return;
    try {
      while (connection === this.#streamOfAll && this.#unknown.size) {
        const ids = [...this.#unknown].slice(0, MAX_IDS);
        await this.#request(idQuery(ids), connection);
        for (const id of ids) this.#unknown.delete(id);
      }
    } catch {
      if (connection === this.#streamOfAll) connection.abort(); // so that the stream is opened again
    }
  }

  /** @param {AbortController} connection */
  async #poll(connection) {
    const error = await this.#requestEach(connection);
    if (error) return this.#onError(error);
    return this.#listeners.size ? POLL_MS : IDLE_POLL_MS;
  }

  /**
   * Request the unfinished jobs if all jobs are watched, and then the watched jobs that are not among them: the running
   * jobs and those that were requested longest ago. Return an error response, or null.
   *
   * @param {AbortController} connection
   */
  async #requestEach(connection) {
    const running = this.#idsOfRunning();
    if (this.#observers.size) {
      this.#unfinished.clear();
      const error = await this.#request(UNFINISHED, connection, (response) => response);
      if (error) return error;
    }
    const received = this.#observers.size ? this.#unfinished : new Map();
    const isRunning = (/** @type {string} */ id) => Number(running.has(id));
    const ids = [...this.#listeners.keys()]
      .filter((id) => !received.has(id))
      .sort((a, b) => isRunning(b) - isRunning(a))
      .slice(0, MAX_IDS);
    for (const id of ids) {
      const listeners = this.#listeners.get(id) ?? new Set();
      this.#listeners.delete(id);
      this.#listeners.set(id, listeners);
    }
    return ids.length ? this.#request(idQuery(ids), connection, (response) => response) : null;
  }

  #idsOfRunning() {
    return new Set([...this.#unfinished.values()].filter(({ state }) => state === "running").map(({ id }) => id));
  }

  /**
   * Request the state of jobs. Return what `onError` returns for an error response; without it, throw an error.
   *
   * @param {string} query
   * @param {AbortController} connection
   * @param {(response: Response) => Response | null} onError
   */
  async #request(query, connection, onError = raise) {
    const response = await get(this.base + query, connection.signal);
    if (!response.ok) return onError(response);
    const { jobs, missing } = await response.json();
    this.resetRetries();
    for (const job of jobs) this.#onJob(job);
    for (const id of missing) await this.#onMissing(id, connection);
    return null;
  }

  /** @param {Response} response */
  #onError(response) {
    if (response.status === 401) this.#stopAll("logged out");
    else if ([404, 410].includes(response.status)) this.#stopAll("unknown");
    return this.delayAfterError(response, POLL_MS);
  }

  /** @param {Job} job */
  #onJob(job) {
    const listeners = [...(this.#listeners.get(job.id) ?? []), ...this.#observers];
    this.#unknown.delete(job.id);
    if (FINISHED_STATES.includes(job.state)) {
      this.#listeners.delete(job.id);
      this.#unfinished.delete(job.id);
    } else {
      this.#unfinished.set(job.id, job);
    }
    for (const listener of listeners) {
      try {
        listener.onChange(job);
      } catch (error) {
        reportError(error); // not thrown, so that the other listeners are called
      }
    }
  }

  /**
   * Request the job's own URL, whose status says why the job is missing. A stream doesn't report the reason.
   *
   * @param {string} id
   * @param {AbortController} connection
   */
  async #onMissing(id, connection) {
    const response = await get(`${this.base}${id}/`, connection.signal);
    if (![404, 410].includes(response.status)) raise(response);
    this.#stop(id, response.status === 410 ? "expired" : "unknown");
  }

  /** @param {StopReason} reason */
  #stopAll(reason) {
    [...this.#listeners.keys()].forEach((id) => this.#stop(id, reason));
    const observers = [...this.#observers];
    this.#observers.clear();
    observers.forEach((observer) => observer.onStop(reason));
  }

  /**
   * @param {string} id
   * @param {StopReason} reason
   */
  #stop(id, reason) {
    const listeners = [...(this.#listeners.get(id) ?? [])];
    this.#listeners.delete(id);
    listeners.forEach((listener) => listener.onStop(reason));
  }
}

/** @param {string[]} ids */
function idQuery(ids) {
  return `?${ids.map((id) => `id=${id}`).join("&")}`;
}

/**
 * @param {Response} response
 * @returns {never}
 */
function raise({ url, status }) {
  throw new Error(`${url} returned ${status}`);
}
