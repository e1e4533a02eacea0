import assert from "node:assert/strict";
import { test } from "node:test";

import { Backoff } from "../../../progress/static/progress/backoff.js";

test("delays double up to the maximum", () => {
  const backoff = new Backoff({ firstMs: 500, maxMs: 3000, jitter: 0 });
  const delays = Array.from({ length: 5 }, () => backoff.next());
  assert.deepEqual(delays, [500, 1000, 2000, 3000, 3000]);
});

test("a reset starts again with the shortest delay", () => {
  const backoff = new Backoff({ firstMs: 500, maxMs: 3000, jitter: 0 });
  backoff.next();
  backoff.next();
  backoff.reset();
  assert.equal(backoff.next(), 500);
});

test("jitter shortens a delay by at most its fraction", (t) => {
  const random = t.mock.method(Math, "random", () => 0);
  const backoff = new Backoff({ firstMs: 1000, maxMs: 1000 });
  assert.equal(backoff.next(), 1000);
  random.mock.mockImplementation(() => 0.999);
  assert.ok(backoff.next() >= 500);
  assert.ok(backoff.next() < 501);
});
