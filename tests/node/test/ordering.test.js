import assert from "node:assert/strict";
import { test } from "node:test";

import { comparePositions, positionOf } from "../../../todos/static/todos/ordering.js";

/**
 * @param {string} order
 * @param {number} id
 */
const position = (order, id) => positionOf({ order, id });

test("to-dos are sorted by `order`, then by id", () => {
  const sorted = [position("-5", 9), position("2", 3), position("2", 10), position("10", 1)];
  assert.deepEqual([...sorted].reverse().sort(comparePositions), sorted);
});

test("lists that are sorted by a key compare it first", () => {
  const sorted = [
    positionOf({ key: "2030-01-31", order: "9", id: 2 }),
    positionOf({ key: "2030-02-01", order: "1", id: 1 }),
  ];
  assert.deepEqual([...sorted].reverse().sort(comparePositions), sorted);
});

test("`order` values above 2^53 are compared exactly", () => {
  const [first, second] = [position("9007199254740992", 2), position("9007199254740993", 1)];
  assert.ok(comparePositions(first, second) < 0);
  assert.equal(comparePositions(second, second), 0);
});
