/**
 * Timer of the next refresh: after an interval, or earlier if the page becomes visible or receives the focus, the
 * browser goes online or offline, or `wake` is called.
 */

export class RefreshTimer {
  #isAwake = false;
  #onWake = () => {};

  constructor() {
    for (const type of ["focus", "online", "offline"]) addEventListener(type, () => this.wake());
    document.addEventListener("visibilitychange", () => this.wake());
  }

  /** End the current wait, or the next wait if there is none. */
  wake() {
    this.#isAwake = true;
    this.#onWake();
  }

  /**
   * Wait until the time has passed or `wake` is called. While the page is hidden, the wait doesn't end.
   *
   * @param {number} ms
   */
  async wait(ms) {
    const timer = setTimeout(() => this.wake(), ms);
    while (!this.#isAwake || document.hidden) await this.#nextWake();
    clearTimeout(timer);
    this.#isAwake = false;
  }

  /** @returns {Promise<void>} */
  #nextWake() {
    return new Promise((resolve) => (this.#onWake = resolve));
  }
}
