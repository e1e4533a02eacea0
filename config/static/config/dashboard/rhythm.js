/**
 * When to look again: after a time, but at once when the reader comes back, when the network comes or goes, or when
 * somebody has a reason.
 */

export class Rhythm {
  #awake = false;
  #go = () => {};

  constructor() {
    for (const type of ["focus", "online", "offline"]) addEventListener(type, () => this.wake());
    document.addEventListener("visibilitychange", () => this.wake());
  }

  wake() {
    this.#awake = true;
    this.#go();
  }

  /** While nobody looks at the page, it goes on for ever. */
  async pause(ms) {
    const timer = setTimeout(() => this.wake(), ms);
    while (!this.#awake || document.hidden) await new Promise((resolve) => (this.#go = resolve));
    clearTimeout(timer);
    this.#awake = false;
  }
}
