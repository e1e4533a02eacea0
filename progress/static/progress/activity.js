/**
 * The page of all jobs: when a job has moved to another group, or on the first page when there is a new one, htmx
 * fetches the list again.
 */

import { createAnnouncer } from "./announcer.js";
import { findById } from "./dom.js";
import { isUnfinished } from "./job-summary.js";
import { watchAllJobs } from "./job-watcher.js";
import "./progress-bar.js";

/** @import { Job } from "./job-watcher.js" */

const GATHER_MS = 500; // jobs that change within this time are fetched together
const NEWS = { succeeded: "Done", failed: "Failed", cancelled: "Cancelled", queued: "", running: "" };

const announce = createAnnouncer(findById("activity-news"));
const { jobs = "" } = list().dataset;
/** @type {Map<string, string>} the group of each job that is listed or has been reported */
const groups = new Map();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

function list() {
  return findById("activity");
}

/** @param {Job} job */
function onChange(job) {
  const group = groupOf(job);
  const previous = groups.get(job.id);
  groups.set(job.id, group);
  if (group === previous || (!previous && list().dataset.isFirst === undefined)) return;
  if (previous && NEWS[job.state]) announce(job.label, NEWS[job.state]);
  timer ??= setTimeout(refresh, GATHER_MS);
}

/**
 * Return the group that the job is listed in; `Job.list_group` in Python has the same rule.
 *
 * @param {Job} job
 */
function groupOf(job) {
  if (job.state === "failed") return "failed";
  return isUnfinished(job) ? "unfinished" : "done";
}

function refresh() {
  timer = undefined;
  list().dispatchEvent(new Event("changed"));
}

for (const row of list().querySelectorAll("[data-job]")) {
  if (row instanceof HTMLElement) groups.set(row.dataset.job ?? "", row.dataset.group ?? "");
}
watchAllJobs(jobs, { onChange, onStop: () => {} });
