import assert from "node:assert/strict";
import { test } from "node:test";

import { outcomeOf, percentOf, titleOf } from "../../../progress/static/progress/job-summary.js";

/**
 * @param {"queued" | "running" | "succeeded" | "failed" | "cancelled"} state
 * @param {number | null} percent
 */
const job = (state, percent = null) => ({ label: "Importing", state, percent });

test("title counts the unfinished jobs, and without them the failed ones", () => {
  assert.equal(titleOf([job("running"), job("queued"), job("failed")]), "2 jobs in progress");
  assert.equal(titleOf([job("failed"), job("succeeded", 100)]), "1 job failed");
  assert.equal(titleOf([job("succeeded", 100), job("cancelled")]), "Done");
});

test("percentage is the mean of the jobs that may succeed, and 100 only at the end", () => {
  assert.equal(percentOf([job("running", 99), job("succeeded", 100), job("failed", 10)]), 99);
  assert.equal(percentOf([job("running", 40), job("queued")]), 20);
  assert.equal(percentOf([job("succeeded", 100)]), 100);
});

test("percentage is unknown while no job has one", () => {
  assert.equal(percentOf([job("running"), job("queued")]), null);
  assert.equal(percentOf([job("failed", 10)]), null);
});

test("outcome names a single job and counts several", () => {
  assert.equal(outcomeOf([job("failed", 10)]), "Importing: failed");
  assert.equal(outcomeOf([job("succeeded", 100), job("failed"), job("succeeded", 100)]), "2 jobs done, 1 failed");
  assert.equal(outcomeOf([job("cancelled"), job("cancelled")]), "2 jobs cancelled");
});
