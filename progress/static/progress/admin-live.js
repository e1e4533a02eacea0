/**
 * Live rows of a list in the admin: the page is fetched every two seconds while it is visible, and its rows replace the
 * old rows. The selection is kept, and rows with the focus are not replaced. If a request fails, the old rows stay.
 */

import { find } from "./dom.js";

const INTERVAL_MS = 2000;
const ROWS = "#result_list tbody";

async function update() {
  if (document.hidden) return;
  const response = await fetch(location.href, { redirect: "error" }); // a redirect leads to the login page
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const rows = find(document, ROWS);
  const newRows = page.querySelector(ROWS);
  if (!newRows || rows.contains(document.activeElement)) return;
  keepSelection(rows, newRows);
  rows.replaceWith(newRows);
}

/**
 * Move the old checkboxes to the new rows, with the event listeners of the admin's own script.
 *
 * @param {Element} rows
 * @param {Element} newRows
 */
function keepSelection(rows, newRows) {
  const checkboxes = new Map(checkboxesIn(rows).map((checkbox) => [checkbox.value, checkbox]));
  for (const newCheckbox of checkboxesIn(newRows)) {
    const checkbox = checkboxes.get(newCheckbox.value);
    if (!checkbox) continue;
    newCheckbox.closest("tr")?.classList.toggle("selected", checkbox.checked);
    newCheckbox.replaceWith(checkbox);
  }
}

/**
 * @param {Element} rows
 * @returns {HTMLInputElement[]}
 */
function checkboxesIn(rows) {
  return [...rows.querySelectorAll("input.action-select")].filter((input) => input instanceof HTMLInputElement);
}

async function repeat() {
  await update().catch(console.warn);
  setTimeout(repeat, INTERVAL_MS);
}

if (document.querySelector(ROWS)) setTimeout(repeat, INTERVAL_MS);
