/** Ways to wait: for one's turn, for a better moment, and until no other tab does the same. All can be aborted. */

const FIRST_MS = 500;
const LONGEST_MS = 10000;

/** So many at the same time, in the order in which they came. */
export class Turns {
  #free;
  #waiting = [];

  constructor(atOnce) {
    this.#free = atOnce;
  }

  /** Gives the function that gives the turn back. */
  async take(signal) {
    if (this.#free) this.#free--;
    else await this.#wait(signal);
    return () => this.#next();
  }

  #wait(signal) {
    return new Promise((resolve, reject) => {
      const mine = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(mine), 1);
        reject(signal.reason);
      };
      this.#waiting.push(mine);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #next() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

/** Longer from failure to failure, but not longer than a deploy takes; over at once when the network is back. */
export class Patience {
  #failures = 0;

  worked() {
    this.#failures = 0;
  }

  /** Half of it is chance, so that the clients of a server that was away don't all come back at once. */
  wait(signal, atLeastSeconds = 0) {
    const longest = Math.min(FIRST_MS * 2 ** this.#failures++, LONGEST_MS);
    return moment(Math.max(longest * (0.5 + Math.random() / 2), atLeastSeconds * 1000), signal);
  }
}

/** So many milliseconds, or until the network is back. */
export function moment(ms, signal) {
  return new Promise((resolve, reject) => {
    const listening = new AbortController();
    const end = (settle, value) => {
      listening.abort();
      clearTimeout(timer);
      settle(value);
    };
    const timer = setTimeout(() => end(resolve), ms);
    addEventListener("online", () => end(resolve), { signal: listening.signal });
    signal?.addEventListener("abort", () => end(reject, signal.reason), { signal: listening.signal });
  });
}

/** Wait for what can't be aborted, but no longer than the signal allows. */
export function unlessAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

/** Do it while no other tab of this browser does what has the same name; `busy` is called if one does. */
export async function alone(name, signal, busy, work) {
  if (!navigator.locks) return work();
  const mine = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock) await work();
    return lock !== null;
  });
  if (mine) return undefined;
  signal.throwIfAborted();
  busy();
  return navigator.locks.request(name, { signal }, work);
}
