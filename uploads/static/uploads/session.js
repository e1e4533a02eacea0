/** The user's session: its CSRF token, and waiting until a user whose session has ended has logged in again. */

import { CsrfToken } from "../progress/csrf.js";
import { request } from "../progress/request.js";

const INTERVAL_MS = 4000;

export class Session {
  #url;
  #username;
  /** @type {Promise<void> | null} the wait that all callers share */
  #waiting = null;

  /**
   * @param {string} api the base URL of the API
   * @param {string} username the user whose page this is: the session is active only if this user is logged in
   */
  constructor(api, username) {
    this.#url = `${api}/session/`;
    this.#username = username;
    this.token = new CsrfToken(async () => (await this.#fetch()).csrf_token);
  }

  /** Return whether the user of this page is logged in, and no other. */
  async isActive() {
    return (await this.#fetch()).user?.username === this.#username;
  }

  /**
   * Wait until the user is logged in again. The session is requested when the page becomes visible or receives the
   * focus, and every few seconds while it is visible.
   */
  waitUntilActive() {
    this.#waiting ??= this.#wait().finally(() => (this.#waiting = null));
    return this.#waiting;
  }

  async #wait() {
    while (document.hidden || !(await this.isActive().catch(() => false))) await nextLook();
    this.token.discard();
  }

  /** @returns {Promise<{ user: { username: string } | null, csrf_token: string }>} */
  async #fetch() {
    return (await request(this.#url)).json();
  }
}

/** @returns {Promise<void>} */
function nextLook() {
  return new Promise((resolve) => {
    const listening = new AbortController();
    const wake = () => {
      listening.abort();
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(wake, INTERVAL_MS);
    addEventListener("focus", wake, { signal: listening.signal });
    document.addEventListener("visibilitychange", wake, { signal: listening.signal });
  });
}
