import assert from "node:assert/strict";
import { test } from "node:test";

import { ChunkSize } from "../../../uploads/static/uploads/chunk-size.js";

const KIB = 1024;
const MIB = 1024 * KIB;

test("a chunk grows to what the server acknowledges in a second, at most by a factor of four", () => {
  const size = new ChunkSize();
  assert.equal(size.bytes, 128 * KIB);
  size.adapt(128 * KIB, 500);
  assert.equal(size.bytes, 256 * KIB);
  size.adapt(256 * KIB, 1);
  assert.equal(size.bytes, 1024 * KIB);
});

test("a chunk has a maximum and a minimum size", () => {
  const size = new ChunkSize();
  for (let count = 0; count < 20; count++) size.adapt(100 * MIB, 1);
  assert.equal(size.bytes, 64 * MIB);
  for (let count = 0; count < 20; count++) size.halve();
  assert.equal(size.bytes, 32 * KIB);
});

test("an interruption halves the size", () => {
  const size = new ChunkSize();
  size.halve();
  assert.equal(size.bytes, 64 * KIB);
});

test("the remaining time follows the smoothed speed", () => {
  const size = new ChunkSize();
  assert.equal(size.secondsFor(1000), null);
  size.adapt(10_000, 1000);
  assert.equal(size.secondsFor(100_000), 10);
  size.adapt(20_000, 1000); // 0.3 × 20 kB/s + 0.7 × 10 kB/s
  assert.equal(size.secondsFor(130_000), 10);
});

test("a proxy's limit applies to all files of the page", () => {
  const [size, other] = [new ChunkSize(), new ChunkSize()];
  assert.equal(size.limitBelow(100 * KIB), true);
  assert.equal(other.bytes, 50 * KIB);
  assert.equal(other.limitBelow(50 * KIB), true);
  assert.equal(size.bytes, 32 * KIB);
  assert.equal(size.limitBelow(32 * KIB), false);
});
