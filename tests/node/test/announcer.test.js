import assert from "node:assert/strict";
import { test } from "node:test";

import { createAnnouncer } from "../../../progress/static/progress/announcer.js";

/**
 * Return a live region, the function that announces in it, and one that lets the time pass.
 *
 * @param {import("node:test").TestContext} t
 */
function announcer(t) {
  /** @type {(() => void)[]} */
  let timers = [];
  t.mock.method(globalThis, "setTimeout", (/** @type {() => void} */ callback) => timers.push(callback));
  const element = { textContent: "" };
  const passTime = () => {
    const due = timers;
    timers = [];
    for (const callback of due) callback();
  };
  return { element, announce: createAnnouncer(element), passTime };
}

test("messages of the same moment are announced together", (t) => {
  const { element, announce, passTime } = announcer(t);
  announce("a.txt", "Sending");
  announce("b.txt", "Waiting");
  assert.equal(element.textContent, "");
  passTime();
  assert.equal(element.textContent, "a.txt: Sending; b.txt: Waiting");
});

test("only the newest message of a subject is announced", (t) => {
  const { element, announce, passTime } = announcer(t);
  announce("a.txt", "Sending");
  announce("a.txt", "Done");
  passTime();
  assert.equal(element.textContent, "a.txt: Done");
});

test("later messages are announced without the earlier ones", (t) => {
  const { element, announce, passTime } = announcer(t);
  announce("a.txt", "Sending");
  passTime();
  announce("b.txt", "Done");
  passTime();
  assert.equal(element.textContent, "b.txt: Done");
});

test("of many messages, all but the first three are counted", (t) => {
  const { element, announce, passTime } = announcer(t);
  for (const name of ["a", "b", "c", "d", "e"]) announce(name, "Done");
  passTime();
  assert.equal(element.textContent, "a: Done; b: Done; c: Done; and 2 more changes");
  for (const name of ["a", "b", "c", "d"]) announce(name, "Done");
  passTime();
  assert.equal(element.textContent, "a: Done; b: Done; c: Done; and 1 more change");
});
