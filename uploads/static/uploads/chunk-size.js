/**
 * The size of the next chunk of a file, and an estimate of the time that remains.
 *
 * Each acknowledgement of the server moves the progress bar. The size is adapted so that there is about one per second:
 * more would load the server, and with fewer the bar would seem to stand still.
 */

const MIN_BYTES = 32 * 1024;
const FIRST_BYTES = 128 * 1024; // takes only a few seconds on a slow connection
const MAX_BYTES = 64 * 1024 * 1024;
const TARGET_MS = 1000;
const MAX_GROWTH = 4; // largest ratio of a chunk's size to the previous chunk's
const NEWEST_WEIGHT = 0.3; // weight of the newest chunk in the smoothed speed

let proxyLimit = MAX_BYTES; // the largest request that proxies accept, for all files of the page

export class ChunkSize {
  #bytes = FIRST_BYTES;
  /** @type {number | null} bytes per millisecond */
  #speed = null;

  /** The size of the next chunk. */
  get bytes() {
    return Math.min(this.#bytes, proxyLimit);
  }

  /**
   * Adapt the size to the time that the server took to acknowledge a chunk.
   *
   * @param {number} bytes
   * @param {number} ms
   */
  adapt(bytes, ms) {
    const speed = bytes / Math.max(ms, 1);
    this.#speed = this.#speed === null ? speed : NEWEST_WEIGHT * speed + (1 - NEWEST_WEIGHT) * this.#speed;
    this.#set(Math.min(speed * TARGET_MS, this.bytes * MAX_GROWTH));
  }

  /** Halve the size, because a request was interrupted or took too long. */
  halve() {
    this.#set(this.bytes / 2);
  }

  /**
   * Limit the size for all files to less than the size of a request that a proxy rejected. Return whether a smaller
   * request can be tried.
   *
   * @param {number} bytes
   */
  limitBelow(bytes) {
    if (bytes <= MIN_BYTES) return false;
    proxyLimit = Math.min(proxyLimit, Math.max(Math.floor(bytes / 2), MIN_BYTES));
    return true;
  }

  /**
   * Return the estimated time for this number of bytes, in whole seconds, or null before the first acknowledgement.
   *
   * @param {number} bytes
   */
  secondsFor(bytes) {
    return this.#speed ? Math.ceil(bytes / this.#speed / 1000) : null;
  }

  /** @param {number} bytes */
  #set(bytes) {
    this.#bytes = Math.round(Math.min(Math.max(bytes, MIN_BYTES), MAX_BYTES));
  }
}
