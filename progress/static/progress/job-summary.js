/** Several jobs as one: the title and the percentage while they run, and the message at their end. */

/** @import { Job } from "./job-watcher.js" */
/** @typedef {Pick<Job, "label" | "state" | "percent">} SummarizedJob */

/** @param {{ state: Job["state"] }} job */
export function isUnfinished({ state }) {
  return state === "queued" || state === "running";
}

/** @param {SummarizedJob[]} jobs */
export function titleOf(jobs) {
  const unfinished = jobs.filter(isUnfinished).length;
  if (unfinished) return `${countOf(unfinished)} in progress`;
  const failed = jobs.filter(({ state }) => state === "failed").length;
  return failed ? `${countOf(failed)} failed` : "Done";
}

/**
 * Return the mean percentage of the jobs that have succeeded or may still succeed, or null if none is known. It is
 * rounded down, so it is 100 only at the end.
 *
 * @param {SummarizedJob[]} jobs
 */
export function percentOf(jobs) {
  const counted = jobs.filter((job) => job.state === "succeeded" || isUnfinished(job));
  if (counted.every(({ percent }) => percent === null)) return null;
  return Math.floor(counted.reduce((sum, { percent }) => sum + (percent ?? 0), 0) / counted.length);
}

/**
 * Return the message when all of the jobs have finished.
 *
 * @param {SummarizedJob[]} jobs
 */
export function outcomeOf(jobs) {
  const texts = { succeeded: "done", failed: "failed", cancelled: "cancelled" };
  const counts = Object.entries(texts)
    .map(([state, text]) => ({ text, count: jobs.filter((job) => job.state === state).length }))
    .filter(({ count }) => count);
  if (jobs.length === 1) return `${jobs[0].label}: ${counts[0].text}`;
  return counts.map(({ text, count }, index) => `${index ? count : countOf(count)} ${text}`).join(", ");
}

/** @param {number} count */
function countOf(count) {
  return count === 1 ? "1 job" : `${count} jobs`;
}
