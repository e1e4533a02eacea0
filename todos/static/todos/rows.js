/**
 * The rows of a list, inserted and removed without htmx. htmx settles every row by itself, searches the page for each id
 * in it and dispatches two events for each element that it removes, which takes seconds in a list of thousands of rows.
 *
 * A row that was changed elsewhere is inserted by its order among the rows that are there. The focus stays where it is.
 */

const BATCH_SIZE = 100; // of rows that are removed in one task

const byId = (id) => document.getElementById(id);

/** Whether it is in somebody's hand, or says something that shall be read. */
export function isHeld(row) {
  return row !== null && (row.matches(".editing, .dragged") || row.querySelector(".failed") !== null);
}

/** Replace the list by another one. */
export function showAll(list) {
  const fragments = parse(list);
  const rows = takeRows(fragments);
  const options = { afterSwapCallback: () => byId("todo-list").append(...rows) };
  htmx.swap(retire(byId("list"), rows), fragments.innerHTML, { swapStyle: "outerHTML" }, options);
}

/** Replace the rows of whole lists without htmx, which replaces an empty element by the list without its rows. */
export function replaceLists() {
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!detail.shouldSwap || detail.target.id !== "list") return;
    const fragments = parse(detail.serverResponse);
    const rows = takeRows(fragments);
    detail.target = retire(detail.target, rows);
    detail.serverResponse = fragments.innerHTML;
    document.addEventListener("htmx:afterSwap", () => byId("todo-list").append(...rows), { once: true });
  });
  document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    const list = detail.fragment.firstElementChild;
    if (list?.id !== "todo-list") return;
    const rows = [...list.children];
    retire(detail.target, rows).append(...rows);
    announce(rows);
    detail.shouldSwap = false;
  });
}

/** Put an empty copy of the element in its place and return the copy. The old rows are removed in batches. */
function retire(stale, rows) {
  for (const { id } of rows) removeIds(byId(id));
  const fresh = stale.cloneNode(false);
  stale.before(fresh);
  stale.classList.add("retired");
  stale.removeAttribute("id");
  removeRows(stale, [...stale.querySelectorAll("li[data-version]")]);
  return fresh;
}

/** Remove the ids of an old row: while an id occurs twice, Chromium searches the whole document for it. */
function removeIds(row) {
  row?.removeAttribute("id");
  for (const element of row?.querySelectorAll("[id]") ?? []) element.removeAttribute("id");
}

function removeRows(stale, rows) {
  if (rows.length <= BATCH_SIZE) return stale.remove();
  for (const row of rows.splice(-BATCH_SIZE)) row.remove();
  return setTimeout(removeRows, 0, stale, rows);
}

/** Append the rows of the next page. A row that was added here before its page was fetched moves to its place. */
export function append(page) {
  const fragments = parse(page);
  const rows = takeRows(fragments).filter(({ id }) => !isHeld(byId(id)));
  for (const { id } of rows) byId(id)?.remove();
  byId("todo-list").append(...rows);
  announce(rows);
  htmx.swap(byId("more"), fragments.innerHTML, { swapStyle: "outerHTML" });
}

/** An answer to a question for these to-dos: those without a row are gone. Gives the ids of those that were not held. */
export function show(answer, ids) {
  const free = ids.filter((id) => !isHeld(byId(`todo-${id}`)));
  const fragments = parse(answer);
  const rows = new Map(takeRows(fragments).map((row) => [row.id.replace("todo-", ""), row]));
  for (const id of free) if (!rows.has(id)) takeAway(byId(`todo-${id}`));
  const fresh = [...rows].filter(([id, row]) => free.includes(id) && !isOlder(row)).map(([, row]) => row);
  const places = new Places(fresh);
  announce(fresh.filter((row) => place(row, places)));
  htmx.swap(byId("todoapp"), fragments.innerHTML, { swapStyle: "none" });
  return free;
}

function parse(answer) {
  const fragments = document.createElement("template");
  fragments.innerHTML = answer;
  return fragments;
}

/** Remove the rows from the fragments, and the list that contains them; return the rows. */
function takeRows(fragments) {
  const rows = [...fragments.content.querySelectorAll("li[data-version]")];
  for (const row of rows) {
    row.removeAttribute("hx-swap-oob");
    row.remove();
  }
  fragments.content.querySelector("ul[hx-swap-oob]")?.remove();
  return rows;
}

/** Let the rest of the page know which rows are new, as htmx does by `htmx:load`. */
function announce(rows) {
  if (rows.length) document.dispatchEvent(new CustomEvent("rows", { detail: rows }));
}

function isOlder(row) {
  return Number(row.dataset.version) < Number(byId(row.id)?.dataset.version ?? 0);
}

/** The rows of the list by their order, without those that are about to be inserted. */
class Places {
  #keys;

  constructor(without) {
    const ids = new Set(without.map(({ id }) => id));
    this.#keys = [...byId("todo-list").children].filter(({ id }) => !ids.has(id)).map(keyOf);
  }

  /** Return the row that comes after this one, or null at the end of the list; from now on this one has its place. */
  take(row) {
    const key = keyOf(row);
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isAfter(this.#keys[middle], key)) high = middle;
      else low = middle + 1;
    }
    const next = this.#keys[low];
    this.#keys.splice(low, 0, key);
    return next ? byId(next.id) : null;
  }
}

function keyOf({ id, dataset }) {
  return { id, order: BigInt(dataset.order), number: Number(id.replace("todo-", "")) };
}

/** In the list's order, which the server has by the same rule. */
function isAfter(one, other) {
  return one.order === other.order ? one.number > other.number : one.order > other.order;
}

/** Insert the row by its order. Return false if that is further down than the page reaches. */
function place(row, places) {
  const list = byId("todo-list");
  const next = places.take(row);
  const shown = byId(row.id);
  if (!next && byId("more").querySelector("a") && shown !== list.lastElementChild) {
    takeAway(shown);
    return false;
  }
  const focused = shown?.contains(document.activeElement) ? document.activeElement.id : null;
  if (shown && shown.nextElementSibling === next) shown.replaceWith(row);
  else {
    shown?.remove();
    list.insertBefore(row, next);
  }
  if (focused) byId(focused)?.focus({ preventScroll: true });
  return true;
}

/** A file on its way needs its row until it is there. */
function takeAway(row) {
  if (!row || row.querySelector(".sending > *")) return;
  const focused = row.contains(document.activeElement) ? document.activeElement : null;
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  if (focused) {
    (neighbour?.querySelector(`.${focused.classList[0]}`) ?? byId("id_title")).focus({ preventScroll: true });
  }
}
