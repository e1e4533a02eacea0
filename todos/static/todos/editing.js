/** A title that is edited in its place: Enter and leaving it save, Escape does not, and an empty one deletes the to-do. */

import { change } from "./changes.js";
import { reader, showPreview } from "./preview.js";

const rowOf = (element) => element?.closest(".todo-list > li");
const isEditor = (element) => element?.matches(".edit, .todo-list .as-typed input");

const choices = new WeakMap(); // row → the checkbox that keeps its title as typed
const readPreview = reader(document.getElementById("todoapp").dataset.api);

function begin(row, title = row.querySelector("label").textContent, asTyped = false) {
  const input = row.querySelector(".edit");
  input.value = title;
  row.classList.add("editing");
  previewIn(row, asTyped);
  if (!row.contains(document.activeElement) && document.activeElement !== document.body) return; // who went on stays there
  input.focus();
  input.setSelectionRange(title.length, title.length);
}

function previewIn(row, asTyped) {
  row.querySelector(".understanding")?.remove();
  const box = document.importNode(document.getElementById("understanding").content.firstElementChild, true);
  const [input, label] = [".edit", ".view label"].map((selector) => row.querySelector(selector));
  input.after(box);
  const choice = box.querySelector("input");
  choice.checked = asTyped;
  choices.set(row, choice);
  box.addEventListener("mousedown", (event) => event.preventDefault()); // leaving the field would save it
  showPreview(input, box, readPreview, () => input.value.trim() !== label.textContent);
}

/** The class is what tells whether there is something to end: leaving the field follows the Enter that has ended it. */
function end(row) {
  const wasEditing = row.classList.contains("editing");
  row.classList.remove("editing");
  row.querySelector(".understanding")?.remove();
  return wasEditing;
}

async function save(row) {
  if (!end(row)) return;
  const asTyped = choices.get(row).checked;
  const { id } = row; // a row that is replaced loses it
  const input = row.querySelector(".edit");
  const label = row.querySelector("label");
  const before = label.textContent;
  const title = input.value.trim();
  if (title === before) return;
  label.textContent = title || before; // it is replaced by what the server says
  const keep = () => {
    const now = document.getElementById(id);
    if (!now) return false;
    now.querySelector("label").textContent = before;
    begin(now, title, asTyped);
    return true;
  };
  await change(input.dataset.action, { title, as_typed: asTyped ? "true" : "" }, id, keep);
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
    if (!isEditor(event.target)) return;
    if (event.key === "Escape" && end(row)) row.querySelector(".failed")?.remove(); // with what was wrong with it
    if (event.key === "Enter") save(row);
    if (["Escape", "Enter"].includes(event.key)) row.querySelector(".grip")?.focus();
  });
  const onBlur = ({ target, relatedTarget: next }) => {
    if (isEditor(target) && !(isEditor(next) && rowOf(next) === rowOf(target))) save(rowOf(target));
  };
  list.addEventListener("blur", onBlur, { capture: true }); // blur doesn't bubble; scripts dispatch it, unlike focusout
}
