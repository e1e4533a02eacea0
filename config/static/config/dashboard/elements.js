/** Elements made and kept by hand: what it takes to render on the client without a library. */

/** One with properties and children: `element("a", { href }, "text")`. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/**
 * Let a list show these things, in this order. What is there already, by its `id`, stays the same element, with whatever
 * goes on in it. Who was at one with the keyboard stays there, or gets to what has taken its place.
 */
export function reconcile(list, things, make, update = () => {}) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const index = [...list.children].findIndex((child) => child.contains(focused));
  const wanted = new Set(things.map(({ id }) => String(id)));
  for (const child of [...list.children]) if (!wanted.has(child.dataset.key)) child.remove();
  const old = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let place = list.firstElementChild;
  for (const thing of things) {
    const child = old.get(String(thing.id)) ?? make(thing);
    child.dataset.key = thing.id;
    update(child, thing);
    if (child === place) place = place.nextElementSibling;
    else list.insertBefore(child, place);
  }
  if (focused && focused !== document.activeElement) refocus(list, focused, index);
}

function refocus(list, focused, index) {
  const neighbour = list.children[Math.min(index, list.children.length - 1)];
  (list.contains(focused) ? focused : neighbour?.querySelector("a, button, input"))?.focus();
}
