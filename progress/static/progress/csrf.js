/** The CSRF token of the API, which each change must carry: requested once, and again when the server rejects it. */

import { request, statusOf } from "./request.js";

export class CsrfToken {
  #fetchToken;
  /** @type {Promise<string> | null} */
  #token = null;

  /**
   * @param {() => Promise<string>} fetchToken
   * @param {string} [known] the token that the page already has
   */
  constructor(fetchToken, known) {
    this.#fetchToken = fetchToken;
    if (known) this.set(known);
  }

  get() {
    this.#token ??= this.#fetchToken();
    this.#token.catch(() => this.discard());
    return this.#token;
  }

  /**
   * Use a token that was received with another response.
   *
   * @param {string} token
   */
  set(token) {
    this.#token = Promise.resolve(token);
  }

  /** Request a new token the next time, since the server has rejected this one. */
  discard() {
    this.#token = null;
  }

  /**
   * Send a request with the token. If the server returns 403, send it once more with a new token.
   *
   * @template T
   * @param {(token: string) => Promise<T>} send
   */
  async use(send) {
    try {
      return await send(await this.get());
    } catch (error) {
      if (statusOf(error) !== 403) throw error;
      this.discard();
      return send(await this.get());
    }
  }
}

/** @param {string | URL} sessionUrl */
export async function fetchCsrfToken(sessionUrl) {
  const response = await request(sessionUrl);
  return /** @type {string} */ ((await response.json()).csrf_token);
}
