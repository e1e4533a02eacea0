/**
 * The API as this page can reach it: who is logged in there, and if it can't be used, why. "change" says that one of
 * that has changed.
 *
 *   asking → ready, logged out, not allowed, down      and from each of them to each
 *
 * Browsers don't tell a page why it got no answer. But a request that doesn't want to read its answer ("no-cors") fails
 * only when there is none: if it succeeds where another failed, then the API is there, and doesn't allow this origin.
 */

import { ask, NoAnswer } from "../../uploads/answers.js";
import { Session } from "../../uploads/session.js";

const PROBE_SECONDS = 10;

export class Connection extends EventTarget {
  state = "asking";
  user = null; // whose page it is, also when they are not logged in any more
  session = null; // theirs

  #token = "";
  #allowed = false; // whether an answer could ever be read: what comes after that is no matter of the origin

  constructor(api) {
    super();
    this.api = api;
  }

  /** Ask who is logged in. It never fails: if it doesn't work, the state says why. */
  async look() {
    try {
      const { user, csrf_token: token } = await this.get("/session/");
      this.#token = token;
      this.#belongTo(user?.username);
    } catch (error) {
      await this.failed(error);
    }
  }

  /** The answer, with its headers. Paths are below the API's own; what it links to has whole URLs. */
  async fetch(path) {
    const answer = await ask(this.#url(path));
    this.#allowed = true;
    return answer;
  }

  async get(path) {
    return (await this.fetch(path)).json();
  }

  /** Gives the JSON of the answer. A token that is not taken is asked for once more. */
  async change(method, path, body) {
    try {
      return await this.#send(method, path, body);
    } catch (error) {
      if (error.status !== 403) throw error;
      await this.look();
      return this.#send(method, path, body);
    }
  }

  /** Some request has: find out whether that says anything of the others. Gives words for people. */
  async failed(error) {
    if (error instanceof NoAnswer) {
      this.#become(!this.#allowed && (await this.#isThere()) ? "not allowed" : "down");
      return "There was no answer, so this may not be saved. Try again when the site is back.";
    }
    if (error.status === 401) this.#become("logged out");
    else if (error.status >= 500) this.#become("down");
    else if (!error.status) reportError(error); // a mistake of ours
    return error.message;
  }

  async #send(method, path, body) {
    const headers = { "X-CSRFToken": this.#token, "Content-Type": "application/json" };
    return (await ask(this.#url(path), { method, headers, body: body && JSON.stringify(body) })).json();
  }

  #url(path) {
    return path.startsWith("/") ? this.api + path : path;
  }

  async #isThere() {
    const signal = AbortSignal.timeout(PROBE_SECONDS * 1000);
    const how = { mode: "no-cors", credentials: "omit", cache: "no-store", signal };
    return fetch(`${this.api}/session/`, how).then(() => true, () => false);
  }

  /** A page that shows what belongs to one user is never shown to another. */
  #belongTo(name) {
    if (name && this.user && name !== this.user) return location.reload();
    if (name && !this.user) {
      this.user = name;
      this.session = new Session(this.api, name);
    }
    return this.#become(name ? "ready" : "logged out");
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
