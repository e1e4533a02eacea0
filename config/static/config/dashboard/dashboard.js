/**
 * The dashboard: a static page on an origin of its own. It renders data of the API of another origin, which it requests
 * with the visitor's cookies; the pages of the site itself are rendered by the server.
 *
 * Its panels are custom elements. This module checks whether a user is logged in. While the API can't be used, it shows
 * the reason and tries again at intervals. Panels watch streams themselves; since no stream reports that a job has been
 * started or a file has been uploaded elsewhere, the panels are also refreshed at intervals.
 */

import { find, findById } from "../../progress/dom.js";
import { FINISHED_STATES } from "../../progress/job-watcher.js";
import { statusOf } from "../../progress/request.js";
import { Connection } from "./connection.js";
import "./due-list.js";
import "./file-sender.js";
import "./job-list.js";
import "./latest-files.js";
import { RefreshTimer } from "./refresh-timer.js";

/** @import { ConnectionState } from "./connection.js" */
/** @import { Panel } from "./panel.js" */

const INTERVAL_MS = 15000;
const RETRY_MS = 3000; // delay between checks while the API can't be used

const notices = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".notice"));
const panels = /** @type {Panel[]} */ ([...document.querySelectorAll("due-list, file-sender, job-list, latest-files")]);
const connection = new Connection(findById("dashboard").dataset.api ?? "");
const timer = new RefreshTimer();
let isLoaded = false; // whether all panels have content; until then they are hidden, because they would move each other
let isFocusLost = false; // whether the element that had the focus has been hidden

async function refreshForever() {
  for (;;) {
    await connection.check();
    if (connection.state === "ready") {
      await Promise.all(panels.map((panel) => panel.refresh()));
      isLoaded = true;
      show();
    }
    await timer.wait(connection.state === "ready" ? INTERVAL_MS : RETRY_MS);
  }
}

function show() {
  const { state, username } = connection;
  const focused = document.activeElement;
  for (const notice of notices) notice.hidden = notice.dataset.when !== state;
  findById("panels").hidden = !isLoaded || !username || !["ready", "unreachable"].includes(state);
  findById("user").textContent = state === "ready" ? username : "";
  findById("log-out").hidden = state !== "ready";
  findById("state").textContent = headline(state, username);
  if (isFocusLost || focused?.closest("[hidden]")) moveFocus();
}

/** Focus the first visible control, or leave that to the next call if none is visible yet. */
function moveFocus() {
  const control = document.querySelector(".notice:not([hidden]) :is(input, button)") ?? findById("title");
  /** @type {HTMLElement} */ (control).focus();
  isFocusLost = document.activeElement !== control;
}

/**
 * @param {ConnectionState} state
 * @param {string} username
 */
function headline(state, username) {
  switch (state) {
    case "ready":
      return `Logged in as ${username}.`;
    case "logged out":
      return username ? "Your session has ended. Log in to continue." : "You are not logged in.";
    case "origin not allowed":
      return "This page isn't allowed to use the API.";
    default:
      return "The site can't be reached.";
  }
}

/** @param {HTMLFormElement} form */
async function logIn(form) {
  const [username, password] = ["username", "password"].map((name) => find(form, `[name=${name}]`, HTMLInputElement));
  const problem = find(form, ".error");
  problem.textContent = "";
  try {
    await connection.send("POST", "/session/", { username: username.value, password: password.value });
    form.reset();
  } catch (error) {
    const isRejected = error instanceof Error && statusOf(error) === 401;
    problem.textContent = isRejected ? error.message : await connection.messageForFailedSave(error);
    password.select();
  }
  timer.wake();
}

async function logOut() {
  await connection.send("DELETE", "/session/").catch((error) => connection.messageForFailedSave(error));
  location.reload(); // removes the user's data from the page
}

connection.addEventListener("change", () => {
  show();
  if (connection.state !== "ready") timer.wake(); // the API may be usable again already
});
findById("origin").textContent = location.origin;
findById("log-in").addEventListener("submit", (event) => {
  event.preventDefault();
  logIn(findById("log-in", HTMLFormElement));
});
findById("log-out").addEventListener("click", logOut);
for (const button of document.querySelectorAll(".try-again")) button.addEventListener("click", () => timer.wake());
for (const type of ["changed", ...FINISHED_STATES]) document.addEventListener(type, () => timer.wake());
for (const panel of panels) panel.start(connection);
refreshForever();
