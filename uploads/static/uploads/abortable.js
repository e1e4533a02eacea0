/** Promises that an abort signal rejects with its reason: a delay, a lock across tabs, and any other promise. */

/**
 * Wait until the time has passed or the network is back.
 *
 * @param {number} ms
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const listening = new AbortController();
    const stop = () => {
      listening.abort();
      clearTimeout(timer);
    };
    const wake = () => {
      stop();
      resolve();
    };
    const timer = setTimeout(wake, ms);
    addEventListener("online", wake, { signal: listening.signal });
    const abort = () => {
      stop();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { signal: listening.signal });
  });
}

/**
 * Return the result of a promise that can't be aborted itself, unless the signal is aborted first.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
export function abortable(promise, signal) {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

/**
 * Run an action while no other tab of this browser holds the lock of this name. `onBusy` is called if one does.
 *
 * @param {string} name
 * @param {AbortSignal} signal
 * @param {() => void} onBusy
 * @param {() => Promise<void>} action
 */
export async function withLock(name, signal, onBusy, action) {
  if (!navigator.locks) return action();
  const isDone = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock) await action();
    return lock !== null;
  });
  if (isDone) return undefined;
  signal.throwIfAborted();
  onBusy();
  return navigator.locks.request(name, { signal }, action);
}
