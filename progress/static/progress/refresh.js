/**
 * The result of a finished job, shown without a reload: the element around the bar that has `data-refresh` is fetched
 * again from that URL and replaced by the new element with the same id. If that fails, the bar and its link stay.
 */

import { FINISHED_STATES } from "./job-watcher.js";

const RETRY_MS = 3000;

/** @param {HTMLElement} element */
async function refresh(element) {
  const response = await fetch(element.dataset.refresh ?? "");
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const newElement = page.getElementById(element.id);
  if (newElement) element.replaceWith(newElement);
}

for (const state of FINISHED_STATES) {
  document.addEventListener(state, ({ target }) => {
    const element = target instanceof Element && target.closest("[data-refresh]");
    if (!(element instanceof HTMLElement)) return;
    refresh(element).catch(() => setTimeout(() => refresh(element).catch(console.warn), RETRY_MS));
  });
}
