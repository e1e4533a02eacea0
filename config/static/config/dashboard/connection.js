/**
 * Connection to the API. Its state says whether a user is logged in, or why the API can't be used. "change" is
 * dispatched when the state changes.
 *
 *   connecting → ready, logged out, origin not allowed, unreachable      each of them can change to any other
 *
 * A page can't find out why a request has failed. But a request in the mode "no-cors" fails only if there is no
 * response: if it succeeds after a CORS request has failed, the API is up and doesn't allow this origin.
 */

import { CsrfToken } from "../../progress/csrf.js";
import { messageOf, NetworkError, request, statusOf } from "../../progress/request.js";
import { Session } from "../../uploads/session.js";

/** @typedef {"connecting" | "ready" | "logged out" | "origin not allowed" | "unreachable"} ConnectionState */

const PROBE_SECONDS = 10;
const GATEWAY_ERRORS = [502, 503, 504]; // a proxy sends them if the upstream server doesn't respond

export class Connection extends EventTarget {
  /** @type {ConnectionState} */
  state = "connecting";
  username = ""; // the user whose data the page shows, kept after they have been logged out

  #api;
  #token = new CsrfToken(() => this.#requestSession());
  /** @type {Session | null} */
  #session = null;
  /** @type {Promise<void> | null} */
  #pendingCheck = null;
  #isOriginAllowed = false; // known once a response could be read

  /** @param {string} api the base URL of the API */
  constructor(api) {
    super();
    this.#api = api;
  }

  get api() {
    return this.#api;
  }

  /** The user's session. Throws an error if no user has logged in since the page was loaded. */
  get session() {
    if (!this.#session) throw new Error("No user has logged in.");
    return this.#session;
  }

  /** Request the session and update the state, also after an error. Concurrent calls share one request. */
  check() {
    this.#pendingCheck ??= this.#checkSession().finally(() => (this.#pendingCheck = null));
    return this.#pendingCheck;
  }

  /**
   * Send a GET request and return the response. Throws ApiError or NetworkError.
   *
   * @param {string} path relative to the API's base URL, or an absolute URL
   */
  async fetch(path) {
    const response = await request(this.#url(path));
    this.#isOriginAllowed = true;
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
   * Send a request that changes data, and return the parsed body of the response.
   *
   * @param {"POST" | "PATCH" | "DELETE"} method
   * @param {string} path
   * @param {object} [body]
   */
  send(method, path, body) {
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
  async messageForFailedSave(error) {
    await this.#onError(error);
    if (error instanceof NetworkError) {
      return "The server didn't respond, so your change may not have been saved. Try again later.";
    }
    if (statusOf(error) === 401) return "Your session has ended, so your change was not saved. Log in and try again.";
    return messageOf(error);
  }

  /**
   * Return the message for a failed load, or an empty string if the state already explains the failure.
   *
   * @param {unknown} error
   */
  async messageForFailedLoad(error) {
    await this.#onError(error);
    return this.state === "ready" ? messageOf(error) : "";
  }

  async #checkSession() {
    try {
      this.#token.set(await this.#requestSession());
    } catch (error) {
      await this.#onError(error);
      if (statusOf(error)) this.#setState("unreachable"); // nothing works without the session
    }
  }

  /** Update the user, and return the CSRF token of the session. */
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
      this.#setState(!this.#isOriginAllowed && (await this.#isUp()) ? "origin not allowed" : "unreachable");
    } else if (status === 401) {
      this.#setState("logged out");
    } else if (status && GATEWAY_ERRORS.includes(status)) {
      this.#setState("unreachable");
    } else if (!status) {
      reportError(error); // a bug in the dashboard
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
   * Reload the page if another user is logged in, so that the previous user's data is no longer shown.
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
 * Parse the JSON of a response. Throws NetworkError for a truncated body.
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
 * Parse JSON, but read the `order` of to-dos as strings: it is a 64-bit integer, which a JavaScript number can't
 * represent exactly. The pattern can't match inside a JSON string, where quotation marks are escaped.
 *
 * @param {string} json
 */
function parse(json) {
  return JSON.parse(json.replace(/"order": ?(-?\d+)/g, '"order":"$1"'));
}
