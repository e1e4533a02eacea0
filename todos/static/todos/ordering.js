/**
 * The order of to-dos, by the same rule as on the server: by `order`, a 64-bit integer, and then by id. Some lists are
 * sorted by a key before that, such as the due date.
 */

/** @typedef {{ key: string, order: bigint, id: number }} Position */

/**
 * @param {{ key?: string, order?: string, id: string | number }} todo its `order` is a string, because a number would
 *   lose digits
 * @returns {Position}
 */
export function positionOf({ key = "", order = "0", id }) {
  return { key, order: BigInt(order), id: Number(id) };
}

/**
 * Compare two positions, for `sort`.
 *
 * @param {Position} a
 * @param {Position} b
 */
export function comparePositions(a, b) {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.id - b.id;
}
