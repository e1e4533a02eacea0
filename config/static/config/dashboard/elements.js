/** Creation and reconciliation of elements: rendering on the client without a library. */

/**
 * Create an element with properties and children: `createElement("a", { href }, "text")`.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Partial<HTMLElementTagNameMap[Name]>} [properties]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function createElement(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/**
 * Let a list have one child for each item, in the order of the items. The child of an item that the list already has,
 * by its `id`, stays the same element. The focus stays in its child, or moves to the child that has replaced it.
 *
 * @template {{ id: string | number }} Item
 * @param {HTMLElement} list
 * @param {Item[]} items
 * @param {(item: Item) => HTMLElement} create
 * @param {(child: HTMLElement, item: Item) => void} update
 */
export function reconcile(list, items, create, update = () => {}) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const index = childrenOf(list).findIndex((child) => child.contains(focused));
  const wanted = new Set(items.map(({ id }) => String(id)));
  for (const child of childrenOf(list)) if (!wanted.has(child.dataset.key ?? "")) child.remove();
  const children = new Map(childrenOf(list).map((child) => [child.dataset.key, child]));
  let next = list.firstElementChild;
  for (const item of items) {
    const child = children.get(String(item.id)) ?? create(item);
    child.dataset.key = String(item.id);
    update(child, item);
    if (child === next) next = next.nextElementSibling;
    else list.insertBefore(child, next);
  }
  if (focused && focused !== document.activeElement) restoreFocus(list, focused, index);
}

/** @param {HTMLElement} list */
function childrenOf(list) {
  return /** @type {HTMLElement[]} */ ([...list.children]);
}

/**
 * @param {HTMLElement} list
 * @param {Element} focused
 * @param {number} index of the child that had the focus
 */
function restoreFocus(list, focused, index) {
  const neighbour = list.children[Math.min(index, list.children.length - 1)];
  const element = list.contains(focused) ? focused : neighbour?.querySelector("a, button, input");
  /** @type {HTMLElement | null | undefined} */ (element)?.focus();
}
