/**
 * The user's to-dos, as the API returns them: the whole list is requested once, then kept up to date by a stream that
 * reports which to-dos have changed. It has no user interface, but dispatches "change".
 *
 * Of two responses for a to-do, the one with the later `updated_at` is kept, in whichever order they are received.
 */

import { EventStream } from "../../progress/event-stream.js";
import { statusOf } from "../../progress/request.js";
import { comparePositions, positionOf } from "../../todos/ordering.js";
import { delayAfter, POLL_MS } from "../../todos/polling.js";

/** @import { ServerSentEvent } from "../../progress/sse.js" */
/** @import { Connection } from "./connection.js" */
/**
 * A to-do as the API returns it.
 *
 * @typedef {object} Todo
 * @property {number} id
 * @property {string} url
 * @property {string} title
 * @property {boolean} completed
 * @property {string | null} due_on
 * @property {string} order
 * @property {string} updated_at
 */
/** @typedef {Record<string, number> | null} ChangedVersions versions by id, or null if too many have changed */

const MAX_SINGLE_REQUESTS = 10; // if more to-dos have changed, the list is requested
const RETRY_MS = 5000;

export class TodoStore extends EventTarget {
  problem = ""; // why the to-dos may be outdated

  #connection;
  /** @type {Map<number, Todo>} by id; not all completed ones */
  #todos = new Map();
  /** @type {Set<number>} the ids of to-dos to request */
  #changedIds = new Set();
  #isListOutdated = true;
  #isUpdating = false;

  /** @param {Connection} connection */
  constructor(connection) {
    super();
    this.#connection = connection;
    new ChangeStream(connection, (changed) => this.#onChanged(changed));
  }

  /** The to-dos in the order of the list. */
  get sorted() {
    return [...this.#todos.values()].sort((a, b) => comparePositions(positionOf(a), positionOf(b)));
  }

  /** @param {object} values */
  async add(values) {
    return this.#takeResult(await this.#connection.send("POST", "/todos/", values));
  }

  /**
   * @param {string} url
   * @param {object} values
   */
  async change(url, values) {
    return this.#takeResult(await this.#connection.send("PATCH", url, values));
  }

  /** @param {ChangedVersions} changed */
  #onChanged(changed) {
    const ids = Object.keys(changed ?? {}).map(Number);
    if (!changed || ids.length > MAX_SINGLE_REQUESTS) this.#isListOutdated = true;
    else for (const id of ids) this.#changedIds.add(id);
    this.#update();
  }

  /** Send one request after the other until nothing is outdated. */
  async #update() {
    if (this.#isUpdating) return;
    this.#isUpdating = true;
    try {
      while (this.#isListOutdated || this.#changedIds.size) {
        await (this.#isListOutdated ? this.#requestList() : this.#requestChanged());
      }
      this.#dispatch("");
    } catch (error) {
      this.#dispatch(await this.#connection.messageForFailedLoad(error));
      if (this.#connection.state === "ready") setTimeout(() => this.#update(), RETRY_MS); // else the stream reconnects
    }
    this.#isUpdating = false;
  }

  /** Request the list. Changes reported during the request are requested afterwards. */
  async #requestList() {
    const missing = new Set(this.#todos.keys());
    this.#isListOutdated = false;
    this.#changedIds.clear();
    try {
      for await (const todo of this.#connection.list("/todos/?filter=active")) {
        missing.delete(todo.id);
        this.#keep(todo);
      }
    } catch (error) {
      this.#isListOutdated = true;
      throw error;
    }
    for (const id of missing) if (!this.#todos.get(id)?.completed) this.#todos.delete(id);
  }

  async #requestChanged() {
    await Promise.all([...this.#changedIds].map((id) => this.#requestTodo(id)));
  }

  /** @param {number} id */
  async #requestTodo(id) {
    this.#changedIds.delete(id); // deleted first, because the to-do may change again during the request
    try {
      this.#keep(await this.#connection.get(`/todos/${id}/`));
    } catch (error) {
      if (statusOf(error) === 404) return void this.#todos.delete(id);
      this.#changedIds.add(id);
      throw error;
    }
  }

  /**
   * @param {Todo} todo
   */
  #takeResult(todo) {
    this.#keep(todo);
    this.#dispatch(this.problem);
    return todo;
  }

  /** @param {Todo} todo */
  #keep(todo) {
    const known = this.#todos.get(todo.id);
    if (!known || Date.parse(known.updated_at) <= Date.parse(todo.updated_at)) this.#todos.set(todo.id, todo);
  }

  /** @param {string} problem */
  #dispatch(problem) {
    this.problem = problem;
    this.dispatchEvent(new Event("change"));
  }
}

/** The stream of changes, while the API can be used. When it is opened again, it reports what it has missed. */
class ChangeStream extends EventStream {
  #connection;
  #onChanged;
  #since = ""; // the time of the last event
  /** @type {Map<string, number>} by id, the newest version that was reported */
  #reported = new Map();

  /**
   * @param {Connection} connection
   * @param {(changed: ChangedVersions) => void} onChanged
   */
  constructor(connection, onChanged) {
    super();
    this.#connection = connection;
    this.#onChanged = onChanged;
    connection.addEventListener("change", () => (this.isNeeded ? this.wake() : this.pause()));
  }

  get isNeeded() {
    return this.#connection.state === "ready";
  }

  /**
   * Check the session, then open the stream, which reports the to-dos of the logged-in user.
   *
   * @param {AbortController} connection
   */
  async connect(connection) {
    await this.#connection.check();
    if (!this.isNeeded) return null;
    const query = new URLSearchParams({
      ...(this.#since && { since: this.#since }),
      ...(this.isPolling && { once: "true" }),
    });
    return this.readStream(
      `${this.#connection.api}/todos/stream/?${query}`,
      connection,
      (event) => this.#onEvent(event),
      (response) => this.#onError(response),
    );
  }

  /**
   * Handle an event, which the server sends immediately after a request. The first stream doesn't report earlier
   * changes, so the list is requested.
   *
   * @param {ServerSentEvent} event
   */
  #onEvent({ id, data }) {
    /** @type {{ changed: ChangedVersions }} */
    const { changed } = JSON.parse(data);
    this.#onChanged(this.#since && changed ? this.#unreported(changed) : null);
    this.#since = id;
    return this.isPolling && delayAfter(changed);
  }

  /**
   * Return the changes that are new. The first event of a response reports the changes of the last minute again.
   *
   * @param {Record<string, number>} changed
   */
  #unreported(changed) {
    const news = Object.entries(changed).filter(([id, version]) => version > (this.#reported.get(id) ?? 0));
    for (const [id, version] of news) this.#reported.set(id, version);
    return Object.fromEntries(news);
  }

  /**
   * @param {Response} response
   */
  #onError(response) {
    this.#onChanged({}); // the server may have too many streams, but it can return the list
    return this.delayAfterError(response, POLL_MS);
  }
}
