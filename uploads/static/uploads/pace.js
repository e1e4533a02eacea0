/**
 * How much to send at once, and how long the rest will take.
 *
 * The server's answers are what moves the bar, so that there shall be about one a second: more would cost the server,
 * fewer would let the bar stand still.
 */

const SMALLEST_BYTES = 32 * 1024;
const FIRST_BYTES = 128 * 1024; // not long even on a slow line, and on a fast one soon more
const LARGEST_BYTES = 64 * 1024 * 1024;
const AIM_MS = 1000;
const FASTEST_GROWTH = 4;
const NEWEST_WEIGHT = 0.3; // in the smoothed speed

let limit = LARGEST_BYTES; // what proxies are known to let through, for all files of the page

export class Pace {
  #bytes = FIRST_BYTES;
  #speed = null; // bytes a millisecond

  /** The next time. */
  get bytes() {
    return Math.min(this.#bytes, limit);
  }

  /** So many bytes were acknowledged after so long a time. */
  took(bytes, ms) {
    const speed = bytes / Math.max(ms, 1);
    this.#speed = this.#speed === null ? speed : NEWEST_WEIGHT * speed + (1 - NEWEST_WEIGHT) * this.#speed;
    this.#set(Math.min(speed * AIM_MS, this.bytes * FASTEST_GROWTH));
  }

  /** A request was cut off, or took too long. */
  broke() {
    this.#set(this.bytes / 2);
  }

  /** A proxy refused a request of so many bytes. Returns whether a smaller one can be tried. */
  refused(bytes) {
    if (bytes <= SMALLEST_BYTES) return false;
    limit = Math.min(limit, Math.max(Math.floor(bytes / 2), SMALLEST_BYTES));
    return true;
  }

  /** How long so many bytes will take, in whole seconds; null while nobody knows. */
  seconds(bytes) {
    return this.#speed ? Math.ceil(bytes / this.#speed / 1000) : null;
  }

  #set(bytes) {
    this.#bytes = Math.round(Math.min(Math.max(bytes, SMALLEST_BYTES), LARGEST_BYTES));
  }
}
