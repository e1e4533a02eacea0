/**
 * A list of the admin that renews itself: its rows are fetched anew every two seconds, while somebody looks and has
 * not begun to select some. If that fails, the old ones stay, and it is tried again.
 */

const EVERY_MS = 2000;
const ROWS = "#result_list tbody";

async function renew() {
  const old = document.querySelector(ROWS);
  if (!old || document.hidden || old.querySelector("input:checked")) return;
  const response = await fetch(location.href);
  if (!response.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector(ROWS);
  if (fresh && !old.querySelector("input:checked") && !old.contains(document.activeElement)) old.replaceWith(fresh);
}

if (document.querySelector(ROWS)) setInterval(() => renew().catch(console.warn), EVERY_MS);
