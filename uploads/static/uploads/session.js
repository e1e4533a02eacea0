/** The visitor's session: the token that each change must carry, and waiting for somebody who has to log in again. */

import { request as ask } from "../progress/request.js";

const LOOK_MS = 4000;

export class Session {
  #url;
  #user;
  #token = null; // a promise
  #return = null; // a promise, while somebody waits for it

  /** `user` is whose page it is: nobody else's log-in counts. */
  constructor(api, user) {
    this.#url = `${api}/session/`;
    this.#user = user;
  }

  token() {
    this.#token ??= this.#ask().then((session) => session.csrf_token);
    this.#token.catch(() => this.forget());
    return this.#token;
  }

  /** The token was not taken: the next one is asked for. */
  forget() {
    this.#token = null;
  }

  async isTheirs() {
    return (await this.#ask()).user?.username === this.#user;
  }

  /** Once they are logged in again. It is looked up when they come back to the page, and every few seconds while they look. */
  returned() {
    this.#return ??= this.#wait().finally(() => (this.#return = null));
    return this.#return;
  }

  async #wait() {
    for (;;) {
      if (!document.hidden && (await this.isTheirs().catch(() => false))) break;
      await new Promise((resolve) => {
        const listening = new AbortController();
        const wake = () => {
          listening.abort();
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(wake, LOOK_MS);
        addEventListener("focus", wake, { signal: listening.signal });
        document.addEventListener("visibilitychange", wake, { signal: listening.signal });
      });
    }
    this.forget();
  }

  async #ask() {
    return (await ask(this.#url)).json();
  }
}
