/**
 * The requests of htmx: for another list (filters, the search, the section of completed to-dos) and for its next page.
 *
 * Several requests may be pending. A list that was requested before the shown list isn't shown, nor is a page of a list
 * that has been replaced. A response may remove the links of the other requests and their target, and the events of
 * removed elements don't reach the document.
 */

import { findById } from "../progress/dom.js";
import { pendingChanges, RequestError, showError } from "./changes.js";
import { onCustomEvent } from "./rows.js";

/** @typedef {{ source: HTMLElement, target: string, number: number }} ListRequest by a link or a field, for an id */

/** @type {Map<XMLHttpRequest, ListRequest>} the requests without a response */
const pending = new Map();
let newest = 0; // the number of the last request for a list
let shown = 0; // the number of the request for the list on the page

/**
 * Send the requests after pending changes, and show those responses only that belong to the newest list.
 *
 * @param {HTMLElement} app contains the list, and isn't replaced
 */
export function orderListRequests(app) {
  /** Send the GET requests of htmx after the changes that were made before them. */
  onCustomEvent("htmx:confirm", ({ verb, issueRequest }, event) => {
    if (verb !== "get") return;
    event.preventDefault();
    pendingChanges().then(() => issueRequest(true));
  });

  onCustomEvent("htmx:configRequest", (detail) => {
    if (detail.elt.id !== "id_q") return;
    detail.path = location.pathname; // the path of the selected filter
    if (!detail.elt.value.trim()) detail.parameters.delete("q");
  });

  onCustomEvent("htmx:beforeRequest", (detail) => {
    const { elt, target, xhr } = detail;
    if (!["list", "more"].includes(target.id)) return;
    if (target.id === "list") newest += 1;
    pending.set(xhr, { source: elt, target: target.id, number: newest });
    showWhetherBusy();
    xhr.addEventListener("loadend", () => finish(xhr));
    detail.target = app; // htmx dispatches events on it
  });

  onCustomEvent("htmx:beforeSwap", (detail) => {
    const request = pending.get(detail.xhr);
    if (!request) return;
    detail.target = findById(request.target);
    detail.shouldSwap &&= isCurrent(request);
    if (detail.shouldSwap && request.target === "list") shown = request.number;
  });
}

/** Return whether htmx is fetching a list or a page. */
export const isFetching = () => pending.size > 0;

/** @param {ListRequest} request */
function isCurrent({ source, target, number }) {
  return target === "list" ? number > shown : source.isConnected;
}

/** Mark the list as busy while a newer one is fetched. */
function showWhetherBusy() {
  findById("list").ariaBusy = [...pending.values()].some(({ number }) => number > shown) ? "true" : null;
}

/** @param {XMLHttpRequest} xhr */
function finish(xhr) {
  const request = /** @type {ListRequest} */ (pending.get(xhr));
  pending.delete(xhr);
  showWhetherBusy();
  const hasFailed = xhr.status < 200 || xhr.status >= 400;
  if (hasFailed && request.number === newest && isCurrent(request)) showFailure(xhr, request.source);
}

/**
 * Follow a link without htmx. Show the error of a search next to its field.
 *
 * @param {XMLHttpRequest} xhr
 * @param {HTMLElement} source
 */
function showFailure(xhr, source) {
  if (source instanceof HTMLAnchorElement) location.assign(source.href);
  else showError(new RequestError(xhr), "search-form", () => htmx.trigger(source, "search"));
}
