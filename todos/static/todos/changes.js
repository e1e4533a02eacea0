/**
 * Changes of the list: sent one after the other, in the order in which they were made, so that no answer is older than
 * what is shown. An answer is a handful of fragments, which htmx puts to their places. What failed says so next to
 * where it was made, and can be sent again from there.
 */

import { Session } from "../uploads/session.js";

const app = document.getElementById("todoapp");
const session = new Session(app.dataset.api, app.dataset.user);
let last = Promise.resolve(); // the newest change, or what it ended with
let pending = 0;

export class Failure extends Error {
  constructor(xhr) {
    super(xhr?.status ? said(xhr) : "The server can't be reached just now.");
    this.status = xhr?.status ?? 0;
  }

  get isForTheSession() {
    return [401, 403].includes(this.status);
  }
}

/**
 * Send it, and show what it has changed; gives whether that went well. `near` is the id of the element that a failure
 * is told in. `keep`, if what was typed is put back to where it can be sent again, does that, and returns true.
 */
export async function change(path, values, near, keep = () => false) {
  document.getElementById(near)?.querySelector(".failed")?.remove();
  const form = new FormData(document.getElementById("todo-form"));
  form.delete("csrfmiddlewaretoken"); // an old one would count for more than the newest in the header
  for (const [name, value] of Object.entries(values)) form.set(name, value);
  const mine = last.then(() => send(path, form));
  last = mine.catch(() => {});
  busy(1);
  try {
    await mine;
    return true;
  } catch (failure) {
    if (failure.isForTheSession) renew();
    tell(failure, near, keep(failure) ? null : () => change(path, values, near, keep));
    return false;
  } finally {
    busy(-1);
  }
}

/** Whether something of what is shown may be lost, if the page is left now. */
function busy(more) {
  pending += more;
  app.ariaBusy = String(pending > 0);
}

addEventListener("beforeunload", (event) => {
  if (pending) event.preventDefault();
});

/** What every request says: whose page it is, and its token. */
export function headers() {
  return JSON.parse(app.getAttribute("hx-headers"));
}

/** When all changes that were made until now have ended. */
export function settled() {
  return last;
}

function send(path, values) {
  return new Promise((resolve, reject) => {
    const handler = (_, { xhr }) => {
      if (xhr.status >= 400) return reject(new Failure(xhr));
      htmx.swap(app, xhr.response, { swapStyle: "none" });
      return resolve();
    };
    htmx.ajax("POST", path, { source: app, values, handler }).catch(() => reject(new Failure(null)));
  });
}

/** Our own error answers are for people, and all have their text in the same places. */
function said({ status, response }) {
  const page = new DOMParser().parseFromString(response, "text/html");
  return page.querySelector(".error, main p")?.textContent ?? `The server answered ${status}.`;
}

/** Next to where it was asked for; `again`, if it makes sense, is what to do when the user wants that. */
export function tell(failure, near, again = null) {
  document.getElementById(near)?.querySelector(".failed")?.remove();
  const message = document.importNode(document.getElementById("failed").content.firstElementChild, true);
  const button = message.querySelector("button");
  message.querySelector(".error").textContent = failure.message;
  message.querySelector(".login").hidden = failure.status !== 401;
  button.hidden = again === null;
  button.addEventListener("click", () => {
    message.remove();
    again();
  });
  (document.getElementById(near) ?? document.getElementById("new-todo-form")).append(message);
}

/** Who logs in again gets a new token; what is sent after that carries it. */
async function renew() {
  await session.returned();
  const token = await session.token.get();
  app.setAttribute("hx-headers", JSON.stringify({ ...headers(), "X-CSRFToken": token }));
}
