/**
 * The list without reloads. The buttons and their addresses are those of the forms that do the same without this
 * script; htmx fetches what is only looked at: the filters, what is sought, and what is further down.
 */

import { createAnnouncer as announcer } from "../uploads/announcer.js";
import { letAttach } from "./attaching.js";
import { change, Failure, settled, tell } from "./changes.js";
import { letEdit } from "./editing.js";
import { goLive } from "./live.js";
import { letMove } from "./moving.js";
import { offerSeveral } from "./pasting.js";
import { reader, showPreview } from "./preview.js";
import { append, replaceLists } from "./rows.js";

const byId = (id) => document.getElementById(id);

const app = byId("todoapp");
const form = byId("new-todo-form");
const { title, as_typed: asTyped } = form.elements;
const updatePreview = showPreview(title, form.querySelector(".understanding"), reader(app.dataset.api));
const ticks = new Set(); // of boxes, in their order, of which the server has not heard yet

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = title.value;
  if (!typed.trim()) return;
  const values = { title: typed, as_typed: asTyped.checked ? "true" : "" };
  title.value = "";
  asTyped.checked = false;
  updatePreview();
  change(form.getAttribute("action"), values, form.id, () => {
    if (title.value) return false; // the next one is being typed
    title.value = typed;
    asTyped.checked = Boolean(values.as_typed);
    return true;
  });
});

app.addEventListener("change", async ({ target }) => {
  if (!target.matches(".toggle, .toggle-all")) return;
  const { id, checked, dataset } = target;
  const near = target.closest("li")?.id ?? "new-todo-form";
  const tick = { id, checked };
  ticks.add(tick);
  const done = await change(dataset.action, { completed: checked ? "true" : "" }, near);
  ticks.delete(tick);
  if (!done && byId(id)) byId(id).checked = !checked;
  showTicks();
});

/** What is ticked stays so, whatever the answers to earlier changes say: it is next. */
function showTicks() {
  for (const { id, checked } of ticks) if (byId(id)) byId(id).checked = checked;
}

app.addEventListener("click", async (event) => {
  const button = event.target.closest("button[formaction]");
  if (!button) return;
  event.preventDefault();
  const row = button.closest("li");
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  const values = button.name ? { [button.name]: button.value } : {};
  if (!(await change(button.getAttribute("formaction"), values, row?.id ?? form.id))) return;
  if (document.activeElement === document.body) (next?.querySelector(".destroy") ?? title).focus(); // the button is gone
});

/** What is only looked at comes after what was changed before. */
document.addEventListener("htmx:confirm", (event) => {
  const { verb, issueRequest } = event.detail;
  if (verb !== "get") return;
  event.preventDefault();
  settled().then(() => issueRequest(true));
});

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt.id !== "id_q") return;
  detail.path = location.pathname; // of the filter that is chosen
  if (!detail.elt.value.trim()) detail.parameters.delete("q");
});

/** What can't be had is said where it was asked for; the links work without us. */
for (const failed of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failed, ({ detail: { elt, xhr } }) => {
    if (elt.matches("a")) location.assign(elt.href);
    else if (elt.id === "id_q") tell(new Failure(xhr), elt.form.id, () => htmx.trigger(elt, "search"));
  });
}

/** The next page of the list. */
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "more" || !detail.shouldSwap) return;
  detail.shouldSwap = false;
  append(detail.serverResponse);
});

/** What follows from the counts. */
document.addEventListener("htmx:load", () => {
  const { total, active } = byId("todo-count").dataset;
  byId("todos-main").hidden = byId("todos-footer").hidden = total === "0";
  byId("no-todos").hidden = total !== "0";
  byId("toggle-all").checked = active === "0";
  showTicks();
});

if (location.pathname !== app.dataset.path) location.reload(); // Back was pressed before there was anybody to follow it
offerSeveral(form);
replaceLists();
// Whenever a submit button is inserted or removed, Chromium searches the whole document for its form's default button.
for (const button of app.querySelectorAll("button[form]")) button.removeAttribute("form");
letEdit(app);
letMove(app, announcer(byId("news")));
letAttach(app, byId("news"));
goLive(app);
document.documentElement.classList.add("live");
if (!title.value) title.focus();
