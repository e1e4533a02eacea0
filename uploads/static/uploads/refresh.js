/**
 * When a job has ended, show what it made, without a reload: the element around the bar that has `data-refresh` is
 * fetched anew from that URL and replaced by its successor of the same id.
 */

for (const ending of ["succeeded", "failed", "cancelled"]) {
  document.addEventListener(ending, async (event) => {
    const stale = event.target.closest("[data-refresh]");
    if (!stale) return;
    const response = await fetch(stale.dataset.refresh);
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById(stale.id);
    if (fresh) stale.replaceWith(fresh);
  });
}
