/** Elements made and kept by hand: what it takes to render on the client without a library. */

/** One with properties and children: `element("a", { href }, "text")`. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/**
 * Let a list show these things, in this order. What is there already, by its `id`, stays the same element: with its
 * focus, and with whatever goes on in it.
 */
export function reconcile(list, things, make, update = () => {}) {
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
}
