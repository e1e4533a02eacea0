/** A limit on the number of operations at the same time. Waiting operations start in their order. */

export class Semaphore {
  #free;
  /** @type {(() => void)[]} the functions that start the waiting operations */
  #queue = [];

  /** @param {number} size */
  constructor(size) {
    this.#free = size;
  }

  /**
   * Wait for a free slot and return the function that releases it. Throws the signal's reason when it is aborted.
   *
   * @param {AbortSignal} signal
   */
  async acquire(signal) {
    if (this.#free) this.#free--;
    else await this.#wait(signal);
    return () => this.#release();
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<void>}
   */
  #wait(signal) {
    return new Promise((resolve, reject) => {
      const start = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#queue.splice(this.#queue.indexOf(start), 1);
        reject(signal.reason);
      };
      this.#queue.push(start);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #release() {
    const start = this.#queue.shift();
    if (start) start();
    else this.#free++;
  }
}
