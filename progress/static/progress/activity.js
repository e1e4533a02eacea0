/**
 * The page of all jobs: when a listed job has another state and so another place, htmx fetches the list again. On the
 * first page, it does so for every job, since that may be new or may have been on a later page.
 */

import { createAnnouncer } from "./announcer.js";
import { findById } from "./dom.js";
import { watchAllJobs } from "./job-watcher.js";
import "./progress-bar.js";

/** @import { Job } from "./job-watcher.js" */

const GATHER_MS = 500; // jobs that change within this time are fetched together
/** @type {Partial<Record<Job["state"], string>>} */
const NEWS = { succeeded: "Done", failed: "Failed", cancelled: "Cancelled" };

const announce = createAnnouncer(findById("activity-news"));
const { jobs = "" } = list().dataset;
/** @type {Map<string, string>} the state of each job that is listed or has been reported */
const states = new Map();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

function list() {
  return findById("activity");
}

/** @param {Job} job */
function onChange(job) {
  const previous = states.get(job.id);
  states.set(job.id, job.state);
  if (job.state === previous || (!previous && list().dataset.isFirst === undefined)) return;
  const news = NEWS[job.state];
  if (previous && news) announce(job.label, news);
  timer ??= setTimeout(refresh, GATHER_MS);
}

/** Fetch the list, but not before a previous response has been shown, since htmx would drop the request. */
function refresh() {
  const isFetching = list().classList.contains("htmx-request");
  timer = isFetching ? setTimeout(refresh, GATHER_MS) : undefined;
  if (!isFetching) list().dispatchEvent(new Event("changed"));
}

for (const row of list().querySelectorAll("[data-job]")) {
  if (row instanceof HTMLElement) states.set(row.dataset.job ?? "", row.dataset.state ?? "");
}
watchAllJobs(jobs, { onChange, onStop: () => {} });
