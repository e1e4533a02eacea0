import assert from "node:assert/strict";
import { test } from "node:test";

import { delayAfter, POLL_MS } from "../../../todos/static/todos/polling.js";

test("after an event that names the changed to-dos, the next poll follows soon", () => {
  assert.equal(delayAfter({ 1: 2 }), POLL_MS);
  assert.equal(delayAfter({}), POLL_MS);
});

test("after many changes, the next poll is later than the minute that a poll reports again", () => {
  assert.ok(delayAfter(null) > 60_000);
});
