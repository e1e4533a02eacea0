/**
 * The order of to-dos, by the same rule as on the server: by `order`, a 64-bit integer, and then by id. Some lists are
 * sorted by due date before that.
 */

/** @typedef {{ due: string, order: bigint, id: number }} Position */

/**
 * @param {{ due?: string, order?: string, id: string | number }} todo its `order` is a string, because a number would
 *   lose digits; `due` is a date in ISO 8601, if the list is sorted by due date
 * @returns {Position}
 */
export function positionOf({ due = "", order = "0", id }) {
  return { due, order: BigInt(order), id: Number(id) };
}

/**
 * Compare two positions, for `sort`.
 *
 * @param {Position} a
 * @param {Position} b
 */
export function comparePositions(a, b) {
  if (a.due !== b.due) return a.due < b.due ? -1 : 1;
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.id - b.id;
}
