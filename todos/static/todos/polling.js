/** The delays between requests for changed to-dos, in milliseconds, while they are polled instead of streamed. */

export const POLL_MS = 3000;
const AFTER_MANY_MS = 65000; // a poll reports the changes of the last minute again

/**
 * Return the delay after an event.
 *
 * @param {unknown} changed null if so many to-dos have changed that the whole list is requested
 */
export const delayAfter = (changed) => (changed === null ? AFTER_MANY_MS : POLL_MS);
