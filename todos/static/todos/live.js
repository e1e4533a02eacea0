/**
 * Changes of the list in other tabs and on other devices. A stream reports the ids and versions of changed to-dos.
 * To-dos that the page shows at an older version, or not at all, are requested, and their rows are updated.
 *
 * The changes of this page are reported with versions that it already has, so nothing is requested. Rows that are being
 * edited or dragged, or that show an error, are updated later. A response that may be older than a change of this page
 * is not shown, but requested again.
 */

import { find, findById } from "../progress/dom.js";
import { EventStream, get } from "../progress/event-stream.js";
import { pendingChanges, requestHeaders } from "./changes.js";
import { isFetching } from "./list-requests.js";
import { isDragging } from "./moving.js";
import { delayAfter, POLL_MS } from "./polling.js";
import { isLocked, onCustomEvent, replaceList, updateRows } from "./rows.js";

/** @import { ServerSentEvent } from "../progress/sse.js" */

const MAX_IDS = 100; // ids per request
const TIMEOUT_MS = 30000;
const RETRY_MS = 5000; // delay after a failed request

class HttpError extends Error {
  /** @param {Response} response */
  constructor({ url, status }) {
    super(`${url} returned ${status}`);
    this.status = status;
  }
}

class LiveList extends EventStream {
  #app;
  #since;
  #isStopped = false; // whether the user has been logged out, or another user is logged in
  #isUpdating = false;
  #isListOutdated = false; // more to-dos have changed than a stream reports, or another day has begun
  #day = new Date().toDateString();
  /** @type {Map<string, number>} by id, the newest version of each to-do that may be shown at an older version */
  #outdated = new Map();
  /** @type {Map<string, number>} by id, the newest version that was requested or written here */
  #known = new Map();

  /** @param {HTMLElement} app */
  constructor(app) {
    super();
    this.#app = app;
    this.#since = app.dataset.since;
    onCustomEvent("htmx:load", ({ elt }) => this.#onHtmxLoad(elt));
    addEventListener("focus", () => this.#wakeIfStopped()); // the user may have logged in again in another window
    addEventListener("focus", () => this.#checkDay());
    document.addEventListener("visibilitychange", () => this.#checkDay());
    const options = { subtree: true, childList: true, attributeFilter: ["class"] };
    new MutationObserver(() => this.#update()).observe(app, options);
    this.connectAfter(0);
  }

  /** @param {AbortController} connection */
  connect(connection) {
    const url = `${this.#app.dataset.stream}?since=${this.#since}${this.isPolling ? "&once=true" : ""}`;
    return this.readStream(
      url,
      connection,
      (event) => this.#onEvent(event),
      (response) => this.#onError(response),
    );
  }

  /** @param {ServerSentEvent} event */
  #onEvent({ id, data }) {
    this.#since = id;
    /** @type {{ changed: Record<string, number> | null }} */
    const { changed } = JSON.parse(data);
    this.#isListOutdated ||= changed === null;
    for (const [todo, version] of Object.entries(changed ?? {})) this.#outdated.set(todo, version);
    this.#checkDay();
    this.#update();
    return this.isPolling && delayAfter(changed);
  }

  /** @param {Response} response */
  #onError(response) {
    this.#isStopped = response.status === 401;
    return this.#isStopped ? null : this.delayAfterError(response, POLL_MS);
  }

  #stop() {
    this.#isStopped = true;
    this.pause();
  }

  #wakeIfStopped() {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.wake();
  }

  /** Request the list again on another day: what is due today, tomorrow or overdue has changed. */
  #checkDay() {
    const day = new Date().toDateString();
    if (day === this.#day) return;
    this.#day = day;
    this.#isListOutdated = true;
    this.#update();
  }

  /** Send one request after the other while there are outdated to-dos. */
  async #update() {
    if (this.#isUpdating) return;
    this.#isUpdating = true;
    try {
      while (this.#isBehind() && (await this.#requestOutdated()));
    } catch (error) {
      if (error instanceof HttpError && [401, 403].includes(error.status)) this.#stop();
      else setTimeout(() => this.#update(), RETRY_MS);
    }
    this.#isUpdating = false;
  }

  /** Return whether to-dos are outdated, unless a list is being fetched, which may contain their newest versions. */
  #isBehind() {
    if (this.#isBusy()) return false;
    for (const [id, version] of this.#outdated) if (this.#knownVersion(id) >= version) this.#outdated.delete(id);
    return this.#isListOutdated || this.#outdated.size > 0;
  }

  /** @param {string} id */
  #knownVersion(id) {
    return Number(document.getElementById(`todo-${id}`)?.dataset.version ?? this.#known.get(id) ?? 0);
  }

  /**
   * Record a version, unless a list is being fetched: the list may be older, and then the change must be requested.
   *
   * @param {string} id
   * @param {number} version
   */
  #record(id, version) {
    if (!this.#isBusy()) this.#known.set(id, Math.max(version, this.#known.get(id) ?? 0));
  }

  /**
   * Request outdated to-dos whose rows are not locked, once the pending changes of this page have ended. Return false
   * if there are none.
   */
  async #requestOutdated() {
    for (let last = null; last !== pendingChanges(); await last) last = pendingChanges();
    if (!this.#isBehind()) return false;
    const isForList = this.#isListOutdated && !this.#app.querySelector(".editing, li .failed");
    const isUnlocked = (/** @type {string} */ id) => !isLocked(document.getElementById(`todo-${id}`));
    const requested = new Map([...this.#outdated].filter(([id]) => isUnlocked(id)).slice(0, MAX_IDS));
    if (!isForList && !requested.size) return false;
    const [changes, path] = [pendingChanges(), listPath()];
    this.#isListOutdated &&= !isForList;
    const html = await fetchText(isForList ? new URL(path, location.href) : this.#rowsUrl(requested.keys())).catch(
      (error) => {
        this.#isListOutdated ||= isForList;
        throw error;
      },
    );
    const isStale = changes !== pendingChanges() || path !== listPath() || this.#isBusy();
    if (isStale) this.#isListOutdated ||= isForList;
    else if (isForList) replaceList(html);
    else this.#showRows(html, requested);
    return true;
  }

  /**
   * @param {string} html
   * @param {Map<string, number>} requested
   */
  #showRows(html, requested) {
    for (const id of updateRows(html, [...requested.keys()])) {
      const version = requested.get(id) ?? 0;
      this.#record(id, version);
      if (this.#outdated.get(id) === version) this.#outdated.delete(id);
    }
  }

  /** Return whether a row is dragged or another list or page is fetched. */
  #isBusy() {
    return isDragging() || isFetching();
  }

  /** @param {Iterable<string>} ids */
  #rowsUrl(ids) {
    const form = findById("todo-form");
    const [filter, q, section] = ["filter", "q", "section"].map(
      (name) => find(form, `[name=${name}]`, HTMLInputElement).value,
    );
    const undo = /** @type {HTMLButtonElement | null} */ (findById("undo").querySelector("[name=undo]"));
    const url = new URL(this.#app.dataset.changes ?? "", location.href);
    url.search = new URLSearchParams({ filter, q, section, ...(undo && { undo: undo.value }) }).toString();
    for (const id of ids) url.searchParams.append("id", id);
    return url;
  }

  /** @param {HTMLElement} element that htmx has inserted */
  #onHtmxLoad(element) {
    if (element.id === "written") this.#recordWritten(element.dataset.todos ?? "");
  }

  /**
   * Record the versions that a change of this page has written. A row that is one version older shows the change
   * already, so only its version and order are updated.
   *
   * @param {string} todos "id:version:order" of each to-do, separated by spaces
   */
  #recordWritten(todos) {
    for (const todo of todos.trim().split(" ")) {
      const [id, version, order] = todo.split(":");
      this.#record(id, Number(version));
      const row = document.getElementById(`todo-${id}`);
      if (row && Number(row.dataset.version) + 1 === Number(version)) Object.assign(row.dataset, { version, order });
    }
  }
}

/** The path of the list that is shown, with its filter. */
function listPath() {
  return findById("todo-form").getAttribute("action") ?? "";
}

/** @param {URL} url */
async function fetchText(url) {
  const headers = { ...requestHeaders(), "HX-Request": "true" };
  const response = await get(url, AbortSignal.timeout(TIMEOUT_MS), headers);
  if (!response.ok) throw new HttpError(response);
  return response.text();
}

/**
 * Keep the list up to date with changes that are made elsewhere.
 *
 * @param {HTMLElement} app
 */
export function keepUpToDate(app) {
  return new LiveList(app);
}
