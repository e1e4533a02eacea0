/**
 * The list without reloads. The buttons and their URLs are those of the forms that do the same without this script.
 * htmx fetches what doesn't change the list: filters, search, and further pages.
 */

import { find, findById } from "../progress/dom.js";
import { createAnnouncer } from "../progress/announcer.js";
import { enableAdding, showOrHideEmptyList } from "./adding.js";
import { enableAttaching } from "./attaching.js";
import { sendChange } from "./changes.js";
import { enableDueMenu } from "./due-menu.js";
import { enableEditing } from "./editing.js";
import { orderListRequests } from "./list-requests.js";
import { keepUpToDate } from "./live.js";
import { enableMoving } from "./moving.js";
import { offerToSplitLines } from "./pasting.js";
import { insertRowsWithoutHtmx, keepFocusNear, onCustomEvent, pathOf } from "./rows.js";
import { enableSidePanel } from "./side-panel.js";

const app = findById("todoapp");
const form = findById("new-todo-form", HTMLFormElement);
const title = find(form, "[name=title]", HTMLInputElement);
/** @type {Set<{ selector: string, checked: boolean }>} checkboxes whose changes have had no response yet, oldest first */
const pendingChecks = new Set();

app.addEventListener("change", async ({ target }) => {
  if (!(target instanceof HTMLInputElement) || !target.matches(".toggle, .toggle-all")) return;
  const { checked } = target;
  const row = target.closest("li");
  const selector = row ? `#${row.id} .toggle` : "#toggle-all";
  const path = row ? pathOf(row, "toggle") : (target.dataset.action ?? "");
  const restoreFocus = document.activeElement === target && keepFocusNear(row, ".toggle");
  const checks = [selector, ...(row ? [] : togglesOfAll(!checked))].map((name) => ({ selector: name, checked }));
  checks.forEach((check) => pendingChecks.add(check));
  restoreChecks();
  const isSaved = await sendChange(path, { completed: checked ? "true" : "" }, row?.id ?? form.id);
  checks.forEach((check) => pendingChecks.delete(check));
  if (!isSaved) checks.forEach((check) => setChecked(check.selector, !checked));
  else if (restoreFocus) restoreFocus();
  restoreChecks();
});

/**
 * Return the selectors of the rows' checkboxes that are checked, or of those that aren't.
 *
 * @param {boolean} checked
 */
function togglesOfAll(checked) {
  const toggles = /** @type {HTMLInputElement[]} */ ([...app.querySelectorAll(".todo-list > li[id] .toggle")]);
  return toggles.filter((toggle) => toggle.checked === checked).map((toggle) => `#${toggle.closest("li")?.id} .toggle`);
}

/** Keep what the user has checked, although a response to an earlier change doesn't have it yet. */
function restoreChecks() {
  for (const { selector, checked } of pendingChecks) setChecked(selector, checked);
}

/**
 * Check or uncheck a checkbox. A row looks as it will be when the change is saved.
 *
 * @param {string} selector
 * @param {boolean} checked
 */
function setChecked(selector, checked) {
  const checkbox = /** @type {HTMLInputElement | null} */ (document.querySelector(selector));
  if (checkbox) checkbox.checked = checked;
  checkbox?.closest("li")?.classList.toggle("completed", checked);
}

app.addEventListener("click", async (event) => {
  const button = /** @type {Element} */ (event.target).closest("button[formaction]");
  if (!(button instanceof HTMLButtonElement)) return;
  event.preventDefault();
  const row = button.closest("li");
  const restoreFocus = keepFocusNear(row, ".destroy");
  /** @type {Record<string, string>} */
  const values = button.name ? { [button.name]: button.value } : {};
  if (await sendChange(button.getAttribute("formaction") ?? "", values, row?.id ?? form.id)) restoreFocus();
});

/** Update what depends on the counts. */
onCustomEvent("htmx:load", () => {
  showOrHideEmptyList();
  setChecked("#toggle-all", findById("todo-count").dataset.active === "0");
  restoreChecks();
});

if (location.pathname !== app.dataset.path) location.reload(); // the user went back before htmx was loaded
enableAdding(form, app.dataset.api ?? "");
offerToSplitLines(form);
orderListRequests(app);
insertRowsWithoutHtmx();
// Whenever a submit button is inserted or removed, Chromium searches the whole document for its form's default button.
for (const button of app.querySelectorAll("button[form]")) button.removeAttribute("form");
enableEditing(app);
enableMoving(app, createAnnouncer(findById("news")));
enableDueMenu(app, createAnnouncer(findById("news")));
enableAttaching(app, findById("news"));
enableSidePanel(app);
keepUpToDate(app);
find(app, ".print").addEventListener("click", () => print());
document.documentElement.classList.add("live");
if (!title.value) title.focus();
