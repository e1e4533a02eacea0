/**
 * Connection that receives changes as server-sent events, or by polling if events don't get through.
 *
 * A broken stream is reopened with exponential backoff, or immediately when the browser goes online or the page becomes
 * visible. While the page is hidden, there is no stream, because browsers open at most six HTTP/1.1 connections to an
 * origin. A connection can break without an error, and a proxy can buffer the stream: if nothing is received for some
 * seconds, the stream is closed, and `isPolling` is true for POLLING_MS.
 */

import { Backoff } from "./backoff.js";
import { retryAfter } from "./request.js";
import { parseEvents } from "./sse.js";

/** @import { ServerSentEvent } from "./sse.js" */

const MAX_RETRY_MS = 30000;
const DEFAULT_RETRY_AFTER_SECONDS = 5; // used if the Retry-After header has no number
const FIRST_EVENT_TIMEOUT_MS = 5000; // the server sends the first event immediately
const TIMEOUT_MS = 12000; // the server sends an event or a comment every 5 seconds
const POLLING_MS = 30000; // how long to poll after a stream has timed out; doubled each time
const MAX_POLLING_MS = 600000;
const RECONNECT_MS = 1; // delay before the first poll after a timeout

/** @type {EventStream[]} */
const streams = [];

addEventListener("online", () => streams.forEach((stream) => stream.wake()));
document.addEventListener("visibilitychange", () =>
  streams.forEach((stream) => (document.hidden ? stream.pause() : stream.wake())),
);

/** @abstract */
export class EventStream {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {AbortController | null} */
  #connection = null;
  #retries = new Backoff({ maxMs: MAX_RETRY_MS });
  #pollUntil = 0;
  #pollingTimes = new Backoff({ firstMs: POLLING_MS, maxMs: MAX_POLLING_MS, jitter: 0 });

  constructor() {
    streams.push(this);
  }

  /** Whether there are changes to wait for. */
  get isNeeded() {
    return true;
  }

  /**
   * Request changes until the response ends. Return the delay before the next request in milliseconds, or null to wait
   * for a call to `wake`.
   *
   * @abstract
   * @param {AbortController} _connection
   * @returns {Promise<number | null>}
   */
  async connect(_connection) {
    throw new Error("Subclasses must implement connect().");
  }

  /** Connect immediately: the browser is online or the page is visible again, or there are changes to wait for. */
  wake() {
    if (!this.isNeeded) return;
    this.pause(); // an open connection may be broken without an error
    this.#retries.reset();
    this.connectAfter(0);
  }

  pause() {
    clearTimeout(this.#timer);
    this.#connection?.abort();
    this.#connection = null;
  }

  /** @param {number} ms */
  connectAfter(ms) {
    clearTimeout(this.#timer);
    if (!document.hidden) this.#timer = setTimeout(() => this.#connect(), ms);
  }

  /** Whether to poll instead of opening a stream. */
  get isPolling() {
    return Date.now() < this.#pollUntil;
  }

  /**
   * Return the delay after an error response. If the server has too many streams, poll until its Retry-After has passed.
   *
   * @param {Response} response
   * @param {number} pollMs the delay before a poll
   */
  delayAfterError(response, pollMs) {
    if (!isOverloaded(response)) return this.#retries.next();
    const wasPolling = this.isPolling;
    this.#pollUntil = Date.now() + 1000 * (retryAfter(response.headers) || DEFAULT_RETRY_AFTER_SECONDS);
    return wasPolling ? this.#retries.next() : pollMs;
  }

  /** Reset the delay between retries, after a valid response. */
  resetRetries() {
    this.#retries.reset();
  }

  /**
   * Open a stream and call `onEvent` with each event, until the stream ends or `onEvent` returns a delay. `onError` is
   * called with an error response and returns the delay. Return the delay before the next request.
   *
   * @param {string} url
   * @param {AbortController} connection
   * @param {(event: ServerSentEvent) => Promise<number | false> | number | false} onEvent
   * @param {(response: Response) => number | null} onError
   */
  async readStream(url, connection, onEvent, onError) {
    let isTimedOut = false;
    const timeout = new Timeout(() => {
      isTimedOut = true;
      connection.abort();
    });
    try {
      const response = await get(url, connection.signal);
      if (!response.ok || !response.body) return onError(response);
      for await (const event of parseEvents(response.body, () => timeout.restart())) {
        this.resetRetries();
        const delay = await onEvent(event);
        if (delay) return delay;
      }
    } catch (error) {
      if (!isTimedOut) throw error;
      this.#pollUntil = Date.now() + this.#pollingTimes.next();
      return RECONNECT_MS;
    } finally {
      timeout.stop();
    }
    return this.#retries.next();
  }

  /** Connect, and abort the previous connection. */
  async #connect() {
    this.pause();
    if (!this.isNeeded) return;
    const connection = (this.#connection = new AbortController());
    let delay = null;
    try {
      delay = await this.connect(connection);
    } catch {
      if (this.#connection === connection) delay = this.#retries.next();
    }
    connection.abort(); // the rest of the response isn't needed
    if (this.#connection !== connection) return; // a newer connection has replaced it
    this.#connection = null;
    if (this.isNeeded && delay !== null) this.connectAfter(delay);
  }
}

/**
 * Return whether the server rejected a stream because too many are open.
 *
 * @param {Response} response
 */
function isOverloaded({ status, headers }) {
  return [429, 503].includes(status) && headers.has("Retry-After");
}

/**
 * @param {string | URL} url
 * @param {AbortSignal} signal
 * @param {Record<string, string>} [headers]
 */
export function get(url, signal, headers = {}) {
  return fetch(url, { credentials: "include", cache: "no-store", signal, headers });
}

/** Idle timeout of a stream. */
class Timeout {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #onTimeout;

  /** @param {() => void} onTimeout */
  constructor(onTimeout) {
    this.#onTimeout = onTimeout;
    this.#start(FIRST_EVENT_TIMEOUT_MS);
  }

  restart() {
    this.#start(TIMEOUT_MS);
  }

  stop() {
    clearTimeout(this.#timer);
  }

  /** @param {number} ms */
  #start(ms) {
    this.stop();
    this.#timer = setTimeout(this.#onTimeout, ms);
  }
}
