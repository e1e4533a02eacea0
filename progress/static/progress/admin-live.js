/**
 * A list of the admin that renews itself: its rows are fetched anew every two seconds, while somebody looks. What is
 * selected stays so, and who is at a row with the keyboard is not disturbed. If it fails, the old rows stay.
 */

const EVERY_MS = 2000;
const ROWS = "#result_list tbody";
const CHECKBOX = "input.action-select";

async function renew() {
  if (document.hidden) return;
  const response = await fetch(location.href, { redirect: "error" }); // to the log-in page, for one
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const old = document.querySelector(ROWS);
  const fresh = page.querySelector(ROWS);
  if (!fresh || old.contains(document.activeElement)) return;
  keepSelection(old, fresh);
  old.replaceWith(fresh);
}

/** The old checkboxes move over to the new rows, with what the admin's own script has tied to them. */
function keepSelection(old, fresh) {
  const boxes = new Map([...old.querySelectorAll(CHECKBOX)].map((box) => [box.value, box]));
  for (const box of fresh.querySelectorAll(CHECKBOX)) {
    const kept = boxes.get(box.value);
    if (!kept) continue;
    box.closest("tr").classList.toggle("selected", kept.checked);
    box.replaceWith(kept);
  }
}

async function goOn() {
  await renew().catch(console.warn);
  setTimeout(goOn, EVERY_MS);
}

if (document.querySelector(ROWS)) setTimeout(goOn, EVERY_MS);
