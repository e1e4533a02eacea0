/**
 * The connection to the API: who is logged in, and why the API can't be used if it can't. "change" reports a new state.
 *
 *   connecting → ready, logged out, not allowed, down      and from each of them to each other one
 *
 * Browsers don't tell a page why a request has failed. But a request whose response can't be read ("no-cors") fails
 * only without a response: if it succeeds where another has failed, then the API is up and doesn't allow this origin.
 */

import { CsrfToken } from "../../progress/csrf.js";
import { messageOf, NetworkError, request, statusOf } from "../../progress/request.js";
import { Session } from "../../uploads/session.js";

/** @typedef {"connecting" | "ready" | "logged out" | "not allowed" | "down"} ConnectionState */

const PROBE_SECONDS = 10;
const GATEWAY_ERRORS = [502, 503, 504]; // the responses of a proxy whose app doesn't respond

export class Connection extends EventTarget {
  /** @type {ConnectionState} */
  state = "connecting";
  username = ""; // of the user whose page this is, also when they are logged out

  #api;
  #token = new CsrfToken(() => this.#requestSession());
  /** @type {Session | null} */
  #session = null;
  /** @type {Promise<void> | null} */
  #check = null;
  #isAllowed = false; // whether a response could be read, so that this origin is allowed

  /** @param {string} api the URL that the API begins with */
  constructor(api) {
    super();
    this.#api = api;
  }

  get api() {
    return this.#api;
  }

  /** The session of the user, who has logged in. */
  get session() {
    if (!this.#session) throw new Error("No user has logged in.");
    return this.#session;
  }

  /** Request who is logged in. It doesn't throw; an error is in the state. Concurrent calls share one request. */
  check() {
    this.#check ??= this.#checkSession().finally(() => (this.#check = null));
    return this.#check;
  }

  /**
   * Return a successful response.
   *
   * @param {string} path below the API's URL, or a whole URL
   */
  async fetch(path) {
    const response = await request(this.#url(path));
    this.#isAllowed = true;
    return response;
  }

  /** @param {string} path */
  async get(path) {
    return readJson(await this.fetch(path));
  }

  /**
   * Yield each item of a list, page after page.
   *
   * @param {string} path
   * @returns {AsyncGenerator<any>}
   */
  async *list(path) {
    /** @type {string | undefined} */
    let next = path;
    while (next) {
      const response = await this.fetch(next);
      yield* await readJson(response);
      next = response.headers.get("Link")?.match(/<([^>]*)>; rel="next"/)?.[1];
    }
  }

  /**
   * Send a change and return the JSON of the response.
   *
   * @param {"POST" | "PATCH" | "DELETE"} method
   * @param {string} path
   * @param {object} [body]
   */
  change(method, path, body) {
    return this.#token.use(async (token) => {
      const headers = { "X-CSRFToken": token, "Content-Type": "application/json" };
      return readJson(await request(this.#url(path), { method, headers, body: body && JSON.stringify(body) }));
    });
  }

  /**
   * Return the message for a change that wasn't saved.
   *
   * @param {unknown} error
   */
  async saveErrorMessage(error) {
    await this.#onError(error);
    if (error instanceof NetworkError) {
      return "The server didn't respond, so this may not be saved. Try again when the site is back.";
    }
    if (statusOf(error) === 401) return "Your session has ended, so this was not saved. Log in and try again.";
    return messageOf(error);
  }

  /**
   * Return the message for something that couldn't be loaded. It is empty if the state already explains it.
   *
   * @param {unknown} error
   */
  async loadErrorMessage(error) {
    await this.#onError(error);
    return this.state === "ready" ? messageOf(error) : "";
  }

  async #checkSession() {
    try {
      this.#token.set(await this.#requestSession());
    } catch (error) {
      await this.#onError(error);
      if (statusOf(error)) this.#setState("down"); // nothing works without the session
    }
  }

  /** Update who is logged in, and return the CSRF token of the session. */
  async #requestSession() {
    const { user, csrf_token: token } = await this.get("/session/");
    this.#setUser(user?.username);
    return /** @type {string} */ (token);
  }

  /**
   * Update the state, if an error affects all requests.
   *
   * @param {unknown} error
   */
  async #onError(error) {
    const status = statusOf(error);
    if (error instanceof NetworkError) {
      this.#setState(!this.#isAllowed && (await this.#isUp()) ? "not allowed" : "down");
    } else if (status === 401) {
      this.#setState("logged out");
    } else if (status && GATEWAY_ERRORS.includes(status)) {
      this.#setState("down");
    } else if (!status) {
      reportError(error); // an error of the dashboard itself
    }
  }

  /** @param {string} path */
  #url(path) {
    return path.startsWith("/") ? this.#api + path : path;
  }

  async #isUp() {
    const signal = AbortSignal.timeout(PROBE_SECONDS * 1000);
    try {
      await fetch(`${this.#api}/session/`, { mode: "no-cors", credentials: "omit", cache: "no-store", signal });
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Reload the page if another user is logged in, so that nobody sees what belongs to the previous user.
   *
   * @param {string | undefined} username
   */
  #setUser(username) {
    if (username && this.username && username !== this.username) return location.reload();
    if (username && !this.username) {
      this.username = username;
      this.#session = new Session(this.#api, username);
    }
    return this.#setState(username ? "ready" : "logged out");
  }

  /** @param {ConnectionState} state */
  #setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * Return the JSON of a response. A body that was cut off counts as no response.
 *
 * @param {Response} response
 */
async function readJson(response) {
  try {
    return parse(await response.text());
  } catch (error) {
    throw new NetworkError(messageOf(error));
  }
}

/**
 * Parse JSON, but read the `order` of to-dos as strings: it is a 64-bit integer, of which a JavaScript number would
 * lose digits. The pattern matches no text inside a JSON string, where each quotation mark follows a backslash.
 *
 * @param {string} json
 */
function parse(json) {
  return JSON.parse(json.replace(/"order": ?(-?\d+)/g, '"order":"$1"'));
}
