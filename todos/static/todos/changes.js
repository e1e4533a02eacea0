/**
 * Changes of the list. They are sent one after the other, so that no response is older than what is shown; htmx puts
 * the fragments of a response into the page. An error appears next to the control that caused it, with a button to
 * retry.
 */

import { find, findById, instantiate } from "../progress/dom.js";
import { Session } from "../uploads/session.js";
import { keepFocus, showResponse } from "./rows.js";

const app = findById("todoapp");
const session = new Session(app.dataset.api ?? "", app.dataset.user ?? "");
/** @type {Promise<void>} the end of the newest change */
let lastChange = Promise.resolve();
let pendingCount = 0;

/** A request of the list that has failed. Its message is for the user. */
export class RequestError extends Error {
  /** @param {XMLHttpRequest | undefined} xhr undefined if the server didn't respond */
  constructor(xhr) {
    super(xhr?.status ? messageOf(xhr) : "The server can't be reached. Check your connection and try again.");
    this.status = xhr?.status ?? 0;
  }

  /** Whether the user may be logged out, or the CSRF token may be outdated. */
  get isOfSession() {
    return [401, 403].includes(this.status);
  }
}

/**
 * Send a change and show its result. Return whether it succeeded.
 *
 * If it fails, the error is shown in the element with the id `near`, with a button to retry, unless `restore` puts the
 * input back to where the user can send it again, and returns true.
 *
 * @param {string} path
 * @param {Record<string, string>} values
 * @param {string} near
 * @param {(error: RequestError) => boolean} [restore]
 * @returns {Promise<boolean>}
 */
export async function sendChange(path, values, near, restore = () => false) {
  removeError(near);
  const error = await trySending(path, values);
  if (error) showError(error, near, restore(error) ? null : () => sendChange(path, values, near, restore));
  return !error;
}

/**
 * Send a change and show its result. Return the error if it failed.
 *
 * @param {string} path
 * @param {Record<string, string>} values
 * @param {() => void} [beforeResult] is called right before the result is shown
 * @returns {Promise<RequestError | null>}
 */
export async function trySending(path, values, beforeResult = () => {}) {
  const form = new FormData(findById("todo-form", HTMLFormElement));
  form.delete("csrfmiddlewaretoken"); // the field would have precedence over the newer token in the header
  for (const [name, value] of Object.entries(values)) form.set(name, value);
  const change = lastChange.then(() => send(path, form, beforeResult));
  lastChange = change.catch(() => {});
  countPending(1);
  try {
    await change;
    return null;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.isOfSession) renewToken();
    return error;
  } finally {
    countPending(-1);
  }
}

/** @param {number} difference */
function countPending(difference) {
  pendingCount += difference;
  app.ariaBusy = String(pendingCount > 0);
}

addEventListener("beforeunload", (event) => {
  if (pendingCount) event.preventDefault(); // a change may be lost
});

/**
 * Return the headers of every request: the CSRF token, and the user whose page this is.
 *
 * @returns {Record<string, string>}
 */
export function requestHeaders() {
  return JSON.parse(app.getAttribute("hx-headers") ?? "{}");
}

/** Return a promise that is fulfilled when all changes that have been made until now have ended. */
export function pendingChanges() {
  return lastChange;
}

/**
 * @param {string} path
 * @param {FormData} values
 * @param {() => void} beforeResult
 * @returns {Promise<void>}
 */
function send(path, values, beforeResult) {
  return new Promise((resolve, reject) => {
    /**
     * @param {unknown} _source
     * @param {{ xhr: XMLHttpRequest }} response
     */
    const handler = (_source, { xhr }) => {
      if (xhr.status >= 400) return reject(new RequestError(xhr));
      const restoreFocus = keepFocus();
      beforeResult();
      showResponse(xhr.response);
      restoreFocus();
      return resolve();
    };
    htmx.ajax("POST", path, { source: app, values, handler }).catch(() => reject(new RequestError(undefined)));
  });
}

/**
 * Return the message of an error page.
 *
 * @param {XMLHttpRequest} xhr
 */
function messageOf({ status, response }) {
  const page = new DOMParser().parseFromString(response, "text/html");
  return (
    page.querySelector(".error, main p")?.textContent ??
    `The server returned an error (${status}). Try again in a minute.`
  );
}

/**
 * Show an error in the element with this id.
 *
 * @param {RequestError} error
 * @param {string} near
 * @param {(() => void) | null} retry
 */
export function showError(error, near, retry = null) {
  removeError(near);
  const message = instantiate(findById("failed", HTMLTemplateElement));
  const button = find(message, "button");
  find(message, ".error").textContent = error.message;
  find(message, ".login").hidden = error.status !== 401;
  button.hidden = retry === null;
  button.addEventListener("click", () => {
    message.remove();
    retry?.();
  });
  (document.getElementById(near) ?? findById("new-todo-form")).append(message);
}

/** @param {string} near */
function removeError(near) {
  document.getElementById(near)?.querySelector(".failed")?.remove();
}

/** Wait until the user is logged in again, and send the new CSRF token from then on. */
async function renewToken() {
  await session.waitUntilActive();
  const token = await session.token.get();
  app.setAttribute("hx-headers", JSON.stringify({ ...requestHeaders(), "X-CSRFToken": token }));
}
