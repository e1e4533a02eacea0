import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { Semaphore } from "../../../uploads/static/uploads/semaphore.js";

const never = new AbortController().signal;

/**
 * @param {Semaphore} semaphore
 * @param {string[]} started
 * @param {string} name
 */
async function start(semaphore, started, name, signal = never) {
  const release = await semaphore.acquire(signal);
  started.push(name);
  return release;
}

test("operations beyond the limit start in their order, when others have ended", async () => {
  const semaphore = new Semaphore(2);
  /** @type {string[]} */
  const started = [];
  const [first, , third] = ["a", "b", "c", "d"].map((name) => start(semaphore, started, name));
  await setImmediate();
  assert.deepEqual(started, ["a", "b"]);
  (await first)();
  await setImmediate();
  assert.deepEqual(started, ["a", "b", "c"]);
  (await third)();
  await setImmediate();
  assert.deepEqual(started, ["a", "b", "c", "d"]);
});

test("an aborted operation leaves the queue", async () => {
  const semaphore = new Semaphore(1);
  const abort = new AbortController();
  /** @type {string[]} */
  const started = [];
  const first = start(semaphore, started, "a");
  const second = start(semaphore, started, "b", abort.signal);
  start(semaphore, started, "c");
  abort.abort(new Error("cancelled"));
  await assert.rejects(second, { message: "cancelled" });
  (await first)();
  await setImmediate();
  assert.deepEqual(started, ["a", "c"]);
});

test("a slot that nobody waits for is free again", async () => {
  const semaphore = new Semaphore(1);
  (await semaphore.acquire(never))();
  (await semaphore.acquire(never))();
});
