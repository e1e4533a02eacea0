/** A title that is edited in its place: Enter and leaving it save, Escape does not, and an empty one deletes the to-do. */

import { change } from "./changes.js";

const rowOf = (element) => element.closest(".todo-list > li");

function begin(row, title = row.querySelector("label").textContent) {
  const input = row.querySelector(".edit");
  input.value = title;
  row.classList.add("editing");
  if (!row.contains(document.activeElement) && document.activeElement !== document.body) return; // who went on stays there
  input.focus();
  input.setSelectionRange(title.length, title.length);
}

/** The class is what tells whether there is something to end: leaving the field follows the Enter that has ended it. */
function end(row) {
  const wasEditing = row.classList.contains("editing");
  row.classList.remove("editing");
  return wasEditing;
}

async function save(row) {
  if (!end(row)) return;
  const input = row.querySelector(".edit");
  const label = row.querySelector("label");
  const before = label.textContent;
  const title = input.value.trim();
  if (title === before) return;
  label.textContent = title || before; // it is replaced by what the server says
  const keep = () => {
    const now = document.getElementById(row.id);
    if (!now) return false;
    now.querySelector("label").textContent = before;
    begin(now, title);
    return true;
  };
  await change(input.dataset.action, { title }, row.id, keep);
}

export function letEdit(list) {
  list.addEventListener("dblclick", (event) => {
    if (!event.target.matches(".view label")) return;
    document.activeElement.blur();
    begin(rowOf(event.target));
  });
  list.addEventListener("keydown", (event) => {
    const row = rowOf(event.target);
    if (!row || event.isComposing) return;
    if (event.key === "F2") begin(row);
    if (!event.target.matches(".edit")) return;
    if (event.key === "Escape" && end(row)) row.querySelector(".failed")?.remove(); // with what was wrong with it
    if (event.key === "Enter") save(row);
    if (["Escape", "Enter"].includes(event.key)) row.querySelector(".grip")?.focus();
  });
  list.addEventListener("focusout", (event) => {
    if (event.target.matches(".edit")) save(rowOf(event.target));
  });
}
