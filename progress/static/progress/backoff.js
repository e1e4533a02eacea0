/** Exponential back-off: the delays before a request is repeated, each twice the previous one, up to a maximum. */

export class Backoff {
  #failures = 0;
  #firstMs;
  #maxMs;
  #jitter;

  /**
   * `jitter` is the fraction of each delay that is random, so that clients that lost their server at the same time
   * don't all come back at the same time.
   *
   * @param {{ firstMs?: number, maxMs: number, jitter?: number }} options
   */
  constructor({ firstMs = 500, maxMs, jitter = 0.5 }) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#jitter = jitter;
  }

  /** Return the delay after one more failure, in milliseconds. */
  next() {
    const ms = Math.min(this.#firstMs * 2 ** this.#failures++, this.#maxMs);
    return ms * (1 - this.#jitter * Math.random());
  }

  /** Start again with the shortest delay, after a success. */
  reset() {
    this.#failures = 0;
  }
}
