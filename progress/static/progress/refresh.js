/**
 * When a job has ended, show what it made, without a reload: the element around the bar that has `data-refresh` is
 * fetched anew from that URL and replaced by its successor of the same id. If that fails, the bar stays, and its link.
 */

import { FINISHED } from "./job-stream.js";

async function refresh(stale) {
  const response = await fetch(stale.dataset.refresh);
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById(stale.id);
  if (fresh) stale.replaceWith(fresh);
}

for (const ending of FINISHED) {
  document.addEventListener(ending, (event) => {
    const stale = event.target.closest("[data-refresh]");
    if (stale) refresh(stale).catch(() => setTimeout(() => refresh(stale).catch(console.warn), 3000));
  });
}
