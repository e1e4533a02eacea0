/**
 * What is changed in another tab or on another device is shown here too. A stream tells which to-dos have changed, and
 * to which version; those that are shown at an older one, or not at all, are asked for, and put to their places.
 *
 * What was changed here comes back with versions that are known, so nobody is asked. What is in somebody's hand waits: a
 * row that is edited or dragged, or that says what went wrong with it. An answer that something here may have overtaken
 * is not shown, but asked for again.
 */

import { EventStream, get } from "../progress/event-stream.js";
import { headers, settled } from "./changes.js";
import { isDragging } from "./moving.js";
import { pauseAfter, POLL_MS } from "./poll-pause.js";
import { isHeld, show, showAll } from "./rows.js";

const MOST_IDS = 100; // of one question
const PATIENCE_MS = 30000;
const AGAIN_MS = 5000; // after a question that failed
const FETCHING = ["search-form", "more", "todos-footer"]; // the elements that contain the links and fields that htmx follows

const byId = (id) => document.getElementById(id);
const rowsIn = (element) => element.querySelectorAll("li[data-version]");

export function goLive(app) {
  const pending = new Map(); // id → its newest version, of those that may be shown at an older one
  const seen = new Map(); // id → its newest version that was shown or written here, also of those that have no row any more
  const doubtful = new Map(); // the same, since another part of the list was asked for: it may not have them yet
  let all = false; // so many have changed that nobody has named them
  let looking = false;

  class List extends EventStream {
    #since = app.dataset.since;
    isStopped = false; // nobody is logged in any more, or somebody else is

    connect(request) {
      const hear = (fields) => this.#hear(fields);
      const url = `${app.dataset.stream}?since=${this.#since}${this.isPolling ? "&once=true" : ""}`;
      return this.readStream(url, request, hear, (answer) => this.#refused(answer));
    }

    #hear({ id, data }) {
      this.#since = id;
      const { changed } = JSON.parse(data);
      all ||= changed === null;
      for (const [todo, version] of Object.entries(changed ?? {})) pending.set(todo, version);
      look();
      return this.isPolling && pauseAfter(changed);
    }

    #refused(answer) {
      this.isStopped = answer.status === 401;
      return this.isStopped ? null : this.delayAfterError(answer, POLL_MS);
    }

    stop() {
      this.isStopped = true;
      this.pause();
    }

    wakeIfStopped() {
      if (this.isStopped) this.wake();
    }
  }

  /** While there is anything to ask for, one question after the other. */
  async function look() {
    if (looking) return;
    looking = true;
    try {
      while (isBehind() && (await ask()));
    } catch ({ status }) {
      if ([401, 403].includes(status)) list.stop();
      else setTimeout(look, AGAIN_MS);
    }
    looking = false;
  }

  function isBehind() {
    for (const [id, version] of pending) if (known(id) >= version) pending.delete(id);
    return all || pending.size > 0;
  }

  function known(id) {
    return Number(byId(`todo-${id}`)?.dataset.version ?? seen.get(id) ?? 0);
  }

  function see(id, version, isDoubtful = isBusy()) {
    seen.set(id, Math.max(version, seen.get(id) ?? 0));
    if (isDoubtful) doubtful.set(id, seen.get(id));
  }

  /** The other part of the list is there. */
  function resolveDoubts() {
    for (const [id, version] of doubtful) {
      seen.delete(id);
      pending.set(id, Math.max(version, pending.get(id) ?? 0));
    }
    doubtful.clear();
    look();
  }

  function seeRows(rows) {
    const isDoubtful = isBusy();
    for (const { id, dataset } of rows) see(id.replace("todo-", ""), dataset.version, isDoubtful);
  }

  /** Ask for what can be shown now, once all is answered that was changed here; false if that is nothing. */
  async function ask() {
    for (let last = null; last !== settled(); await last) last = settled();
    if (!isBehind() || isBusy()) return false;
    const asked = new Map([...pending].filter(([id]) => !isHeld(byId(`todo-${id}`))).slice(0, MOST_IDS));
    const isForAll = all && !app.querySelector(".editing, li .failed");
    if (!isForAll && !asked.size) return false;
    const [before, list] = [settled(), listing()];
    all &&= !isForAll;
    const answer = await fetchText(isForAll ? pageUrl() : rowsUrl(asked.keys())).catch((error) => {
      all ||= isForAll;
      throw error;
    });
    if (before !== settled() || list !== listing() || isBusy()) all ||= isForAll;
    else if (isForAll) showAll(answer);
    else take(answer, asked);
    return true;
  }

  function take(answer, asked) {
    for (const id of show(answer, [...asked.keys()])) {
      see(id, asked.get(id));
      if (pending.get(id) === asked.get(id)) pending.delete(id);
    }
  }

  /** Return whether a row is dragged or another part of the list is being fetched. No row is visited to find out. */
  function isBusy() {
    return isDragging() || FETCHING.some((id) => byId(id).querySelector(".htmx-request"));
  }

  const listing = () => byId("todo-form").getAttribute("action");

  const pageUrl = () => new URL(listing(), location);

  function rowsUrl(ids) {
    const { filter, q } = byId("todo-form").elements;
    const undo = byId("undo").querySelector("[name=undo]");
    const url = new URL(app.dataset.changes, location);
    url.search = new URLSearchParams({ filter: filter.value, q: q.value, ...(undo && { undo: undo.value }) });
    for (const id of ids) url.searchParams.append("id", id);
    return url;
  }

  async function fetchText(url) {
    const answer = await get(url, AbortSignal.timeout(PATIENCE_MS), { ...headers(), "HX-Request": "true" });
    if (!answer.ok) throw Object.assign(new Error(`${url} answered ${answer.status}`), { status: answer.status });
    return answer.text();
  }

  /** What was shown, or written. A row that is only one version older than what was written differs in nothing else. */
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    seeRows(elt.matches("li") ? [elt] : rowsIn(elt));
    if (elt.id === "list") resolveDoubts();
    if (elt.id !== "written") return;
    for (const [id, version, order] of elt.dataset.todos
      .trim()
      .split(" ")
      .map((todo) => todo.split(":"))) {
      see(id, version);
      const row = byId(`todo-${id}`);
      if (Number(row?.dataset.version) + 1 === Number(version)) Object.assign(row.dataset, { version, order });
    }
  });

  const list = new List();
  seeRows(rowsIn(app));
  list.connectAfter(0);
  document.addEventListener("rows", ({ detail: rows }) => seeRows(rows));
  addEventListener("focus", () => list.wakeIfStopped()); // they may have logged in again in another window
  new MutationObserver(look).observe(app, { subtree: true, childList: true, attributeFilter: ["class"] });
}
