/** Elements that a page is known to contain, with their types. */

/**
 * Return the first element that matches. Throws if there is none, or none of the type.
 *
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} [type]
 */
export function find(root, selector, type) {
  return checked(root.querySelector(selector), selector, type);
}

/**
 * Return the element with this id. Throws if there is none, or none of the type.
 *
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [type]
 */
export function findById(id, type) {
  return checked(document.getElementById(id), `#${id}`, type);
}

/**
 * Return a copy of the first element of a <template>.
 *
 * @param {HTMLTemplateElement} template
 */
export function instantiate(template) {
  return /** @type {HTMLElement} */ (document.importNode(find(template.content, "*"), true));
}

/**
 * @template {Element} T
 * @param {Element | null} element
 * @param {string} name
 * @param {new () => T} [type]
 */
function checked(element, name, type) {
  if (element instanceof (type ?? HTMLElement)) return /** @type {T} */ (element);
  throw new Error(`The page has no ${type?.name ?? "element"} ${name}`);
}
