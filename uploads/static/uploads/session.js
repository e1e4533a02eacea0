/** The user's session: its CSRF token, and waiting until a user whose session has ended has logged in again. */

import { CsrfToken } from "../progress/csrf.js";
import { request } from "../progress/request.js";

const INTERVAL_MS = 4000;

export class Session {
  #url;
  #username;
  /** @type {Promise<void> | null} while a caller waits for it */
  #returned = null;

  /**
   * @param {string} api the URL that the API begins with
   * @param {string} username the user whose page this is: only their log-in counts
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
   * Wait until the user is logged in again. That is requested when the reader comes back to the page, and every few
   * seconds while the page is visible.
   */
  returned() {
    this.#returned ??= this.#wait().finally(() => (this.#returned = null));
    return this.#returned;
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
