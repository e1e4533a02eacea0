/**
 * The dashboard: a static page on an origin of its own that renders on the client what the API of another origin says,
 * with the visitor's cookies. The counterpart of the server-rendered pages.
 *
 * Its panels are custom elements. This module looks who is logged in, says why if the API can't be used, and goes on by
 * itself when it can. What streams tell, the panels listen to themselves; that a job has begun elsewhere, or a file has
 * come, none of them tells, so for this it lets them look again.
 */

import { FINISHED_STATES } from "../../progress/job-watcher.js";
import { Connection } from "./connection.js";
import "./due-list.js";
import "./file-sender.js";
import "./job-list.js";
import "./latest-files.js";
import { Rhythm } from "./rhythm.js";

const EVERY_MS = 15000;
const SOON_MS = 3000; // while the API can't be used

const byId = (id) => document.getElementById(id);
const notices = document.querySelectorAll(".notice");
const panels = document.querySelectorAll("due-list, file-sender, job-list, latest-files");
const connection = new Connection(byId("dashboard").dataset.api);
const rhythm = new Rhythm();
let isLoaded = false; // whether the panels have their first content: before that they would push each other down
let isFocusLost = false; // whether the element that had the focus has been hidden

async function live() {
  for (;;) {
    await connection.look();
    if (connection.state === "ready") {
      await Promise.all([...panels].map((panel) => panel.renew()));
      isLoaded = true;
      show();
    }
    await rhythm.pause(connection.state === "ready" ? EVERY_MS : SOON_MS);
  }
}

function show() {
  const { state, user } = connection;
  const focused = document.activeElement;
  for (const notice of notices) notice.hidden = notice.dataset.when !== state;
  byId("panels").hidden = !isLoaded || !user || !["ready", "down"].includes(state);
  byId("user").textContent = state === "ready" ? user : "";
  byId("log-out").hidden = state !== "ready";
  byId("state").textContent = headline(state, user);
  if (isFocusLost || focused?.closest("[hidden]")) moveFocus();
}

/** Focus the first control that is visible, or leave that to the next call if none is visible yet. */
function moveFocus() {
  const control = document.querySelector(".notice:not([hidden]) :is(input, button)") ?? byId("title");
  control.focus();
  isFocusLost = document.activeElement !== control;
}

function headline(state, user) {
  switch (state) {
    case "ready":
      return `Logged in as ${user}.`;
    case "logged out":
      return user ? "Your session has ended. Log in, and this page goes on." : "You are not logged in.";
    case "not allowed":
      return "This page may not use the API.";
    default:
      return "The site can't be reached.";
  }
}

async function logIn(form) {
  const { username, password } = form.elements;
  const problem = form.querySelector(".error");
  problem.textContent = "";
  try {
    await connection.change("POST", "/session/", { username: username.value, password: password.value });
    form.reset();
  } catch (error) {
    problem.textContent = error.status === 401 ? error.message : await connection.notSaved(error);
    password.select();
  }
  rhythm.wake();
}

async function logOut() {
  await connection.change("DELETE", "/session/").catch((error) => connection.notSaved(error));
  location.reload(); // nothing of theirs stays
}

connection.addEventListener("change", () => {
  show();
  if (connection.state !== "ready") rhythm.wake(); // whatever it was, it may be over already
});
byId("origin").textContent = location.origin;
byId("log-in").addEventListener("submit", (event) => {
  event.preventDefault();
  logIn(event.target);
});
byId("log-out").addEventListener("click", logOut);
for (const button of document.querySelectorAll(".try-again")) button.addEventListener("click", () => rhythm.wake());
for (const type of ["changed", ...FINISHED_STATES]) document.addEventListener(type, () => rhythm.wake());
for (const panel of panels) panel.start(connection);
live();
