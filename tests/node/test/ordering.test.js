import assert from "node:assert/strict";
import { test } from "node:test";

import { comparePositions, insertionIndex, positionOf } from "../../../todos/static/todos/ordering.js";

/**
 * @param {string} order
 * @param {number} id
 */
const position = (order, id) => positionOf({ order, id });

test("to-dos are ordered by their order, and then by their id", () => {
  const sorted = [position("-5", 9), position("2", 3), position("2", 10), position("10", 1)];
  assert.deepEqual([...sorted].reverse().sort(comparePositions), sorted);
});

test("orders that differ only in the last digit of 64 bits are distinguished", () => {
  const [first, second] = [position("9007199254740992", 2), position("9007199254740993", 1)];
  assert.ok(comparePositions(first, second) < 0);
  assert.equal(comparePositions(second, second), 0);
});

test("a position is inserted at the start, between others and at the end", () => {
  const sorted = [position("10", 1), position("20", 2), position("20", 4), position("30", 5)];
  assert.equal(insertionIndex(sorted, position("5", 9)), 0);
  assert.equal(insertionIndex(sorted, position("20", 3)), 2);
  assert.equal(insertionIndex(sorted, position("25", 1)), 3);
  assert.equal(insertionIndex(sorted, position("30", 6)), 4);
  assert.equal(insertionIndex([], position("1", 1)), 0);
});

test("positions that are inserted one by one are sorted", () => {
  /** @type {ReturnType<typeof position>[]} */
  const sorted = [];
  for (const id of [5, 3, 9, 1, 7, 2]) {
    const added = position(String((id * 7) % 4), id);
    sorted.splice(insertionIndex(sorted, added), 0, added);
  }
  assert.deepEqual(sorted, [...sorted].sort(comparePositions));
});
