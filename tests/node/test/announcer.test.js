import assert from "node:assert/strict";
import { test } from "node:test";

import { createAnnouncer } from "../../../uploads/static/uploads/announcer.js";

/** @param {import("node:test").TestContext} t */
function announcer(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const element = { textContent: "" };
  return { element, announce: createAnnouncer(element) };
}

test("messages of the same moment are announced together", (t) => {
  const { element, announce } = announcer(t);
  announce("a.txt", "Sending");
  announce("b.txt", "Waiting");
  assert.equal(element.textContent, "");
  t.mock.timers.tick(400);
  assert.equal(element.textContent, "a.txt: Sending; b.txt: Waiting");
});

test("only the newest message of a subject is announced", (t) => {
  const { element, announce } = announcer(t);
  announce("a.txt", "Sending");
  announce("a.txt", "Done");
  t.mock.timers.tick(400);
  assert.equal(element.textContent, "a.txt: Done");
});

test("later messages are announced without the earlier ones", (t) => {
  const { element, announce } = announcer(t);
  announce("a.txt", "Sending");
  t.mock.timers.tick(400);
  announce("b.txt", "Done");
  t.mock.timers.tick(400);
  assert.equal(element.textContent, "b.txt: Done");
});

test("of many messages, all but the first three are counted", (t) => {
  const { element, announce } = announcer(t);
  for (const name of ["a", "b", "c", "d", "e"]) announce(name, "Done");
  t.mock.timers.tick(400);
  assert.equal(element.textContent, "a: Done; b: Done; c: Done; and changes of 2 more files");
});
