/** The table of cases is the same as for the functions in Python that format the same values. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { formatDuration, formatSize } from "../../../progress/static/progress/format.js";

const cases = JSON.parse(readFileSync(new URL("../../progress/formats.json", import.meta.url), "utf8"));

test("sizes are decimal and rounded half up", () => {
  for (const [bytes, text] of cases.sizes) assert.equal(formatSize(bytes), text);
});

test("durations have the unit that fits them", () => {
  for (const [seconds, text] of cases.durations) assert.equal(formatDuration(seconds), text);
});
