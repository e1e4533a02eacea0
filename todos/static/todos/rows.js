/**
 * Rows of the list that the server has sent because they were changed elsewhere: each is put to its place among those
 * that are there, by the label of its order. The focus stays where it is, and so do files on their way in a row.
 */

const byId = (id) => document.getElementById(id);

/** Whether it is in somebody's hand, or says something that shall be read. */
export function isHeld(row) {
  return row !== null && (row.matches(".editing, .dragged") || row.querySelector(".failed") !== null);
}

/** Another list in the place of the one that is shown. */
export function showAll(list) {
  htmx.swap(byId("list"), list, { swapStyle: "outerHTML" });
}

/** An answer to a question for these to-dos: those without a row are gone. Gives the ids of those that were not held. */
export function show(answer, ids) {
  const free = ids.filter((id) => !isHeld(byId(`todo-${id}`)));
  const fragments = document.createElement("template");
  fragments.innerHTML = answer;
  const rows = new Map([...fragments.content.querySelectorAll("li[id]")].map((row) => [row.id.replace("todo-", ""), row]));
  for (const id of free) if (!rows.has(id)) takeAway(byId(`todo-${id}`));
  for (const [id, row] of rows) if (!free.includes(id) || isOlder(row)) drop(rows, id);
  const unplaced = new Set([...rows.values()].map(({ id }) => id));
  for (const [id, row] of rows) {
    if (!makePlace(row, unplaced)) drop(rows, id);
    unplaced.delete(row.id);
  }
  htmx.swap(byId("todoapp"), fragments.innerHTML, { swapStyle: "none" });
  return free;
}

function drop(rows, id) {
  rows.get(id).remove();
  rows.delete(id);
}

function isOlder(row) {
  return Number(row.dataset.version) < Number(byId(row.id)?.dataset.version ?? 0);
}

/** Where it belongs there shall be something to be replaced by it. False if that is further down than the page reaches. */
function makePlace(row, unplaced) {
  const list = byId("todo-list");
  const others = [...list.children].filter(({ id }) => !unplaced.has(id));
  const next = others.find((other) => isAfter(other, row)) ?? null;
  const shown = byId(row.id);
  if (!next && byId("more").querySelector("a") && shown !== list.lastElementChild) {
    takeAway(shown);
    return false;
  }
  const placed = shown ?? Object.assign(document.createElement("li"), { id: row.id });
  placed.dataset.order = row.dataset.order;
  if (!shown) list.insertBefore(placed, next);
  else if (shown.nextElementSibling !== next) move(shown, next);
  return true;
}

/** In the list's order, which the server has by the same rule. */
function isAfter({ id, dataset }, row) {
  const [mine, other] = [BigInt(dataset.order), BigInt(row.dataset.order)];
  return mine === other ? Number(id.replace("todo-", "")) > Number(row.id.replace("todo-", "")) : mine > other;
}

function move(row, next) {
  const focused = row.contains(document.activeElement) ? document.activeElement : null;
  row.parentElement.insertBefore(row, next);
  focused?.focus({ preventScroll: true });
}

/** A file on its way needs its row until it is there. */
function takeAway(row) {
  if (!row || row.querySelector(".sending > *")) return;
  const focused = row.contains(document.activeElement) ? document.activeElement : null;
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  if (focused) (neighbour?.querySelector(`.${focused.classList[0]}`) ?? byId("id_title")).focus({ preventScroll: true });
}
