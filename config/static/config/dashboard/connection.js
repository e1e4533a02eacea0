/**
 * The API as this page can reach it: who is logged in there, and if it can't be used, why. "change" says that one of
 * that has changed.
 *
 *   asking → ready, logged out, not allowed, down      and from each of them to each
 *
 * Browsers don't tell a page why it got no answer. But a request that doesn't want to read its answer ("no-cors") fails
 * only when there is none: if it succeeds where another failed, then the API is there, and doesn't allow this origin.
 */

import { request as ask, NetworkError } from "../../progress/request.js";
import { Session } from "../../uploads/session.js";

const PROBE_SECONDS = 10;
const AWAY = [502, 503, 504]; // what proxies say of an app that doesn't answer

export class Connection extends EventTarget {
  state = "asking";
  user = null; // whose page it is, also when they are not logged in any more
  session = null; // theirs

  #token = "";
  #looking = null; // a promise
  #allowed = false; // whether an answer could ever be read: what comes after that is no matter of the origin

  constructor(api) {
    super();
    this.api = api;
  }

  /** Ask who is logged in. It never fails: if it doesn't work, the state says why. Who asks meanwhile gets the same. */
  look() {
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    return this.#looking;
  }

  /** The answer, with its headers. Paths are below the API's own; what it links to has whole URLs. */
  async fetch(path) {
    const answer = await ask(this.#url(path));
    this.#allowed = true;
    return answer;
  }

  async get(path) {
    return read(await this.fetch(path));
  }

  /** Each thing of a list, page after page. */
  async *list(path) {
    for (let next = path; next;) {
      const answer = await this.fetch(next);
      yield* await read(answer);
      next = answer.headers.get("Link")?.match(/<([^>]*)>; rel="next"/)?.[1];
    }
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

  /** Something couldn't be saved. Gives words for people. */
  async notSaved(error) {
    await this.#failed(error);
    if (error instanceof NetworkError) {
      return "There was no answer, so this may not be saved. Try again when the site is back.";
    }
    if (error.status === 401) return "Your session had ended, so this was not saved. Try again.";
    return error.message;
  }

  /** Something couldn't be loaded. Gives words for people, or none if the state says it all. */
  async notLoaded(error) {
    await this.#failed(error);
    return this.state === "ready" ? error.message : "";
  }

  async #look() {
    try {
      const { user, csrf_token: token } = await this.get("/session/");
      this.#token = token;
      this.#belongTo(user?.username);
    } catch (error) {
      await this.#failed(error);
      if (error.status) this.#become("down"); // whatever it is, nothing works without this
    }
  }

  /** Find out whether a request that has failed says anything of the others. */
  async #failed(error) {
    if (error instanceof NetworkError) this.#become(!this.#allowed && (await this.#isThere()) ? "not allowed" : "down");
    else if (error.status === 401) this.#become("logged out");
    else if (AWAY.includes(error.status)) this.#become("down");
    else if (!error.status) reportError(error); // a mistake of ours
  }

  async #send(method, path, body) {
    const headers = { "X-CSRFToken": this.#token, "Content-Type": "application/json" };
    return read(await ask(this.#url(path), { method, headers, body: body && JSON.stringify(body) }));
  }

  #url(path) {
    return path.startsWith("/") ? this.api + path : path;
  }

  async #isThere() {
    const signal = AbortSignal.timeout(PROBE_SECONDS * 1000);
    const how = { mode: "no-cors", credentials: "omit", cache: "no-store", signal };
    return fetch(`${this.api}/session/`, how).then(
      () => true,
      () => false,
    );
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

/** Return the JSON of an answer. An answer that was cut off counts as none. */
async function read(answer) {
  try {
    return parse(await answer.text());
  } catch (error) {
    throw new NetworkError(error.message);
  }
}

/**
 * Parse JSON, but read the `order` of to-dos as strings: it is a 64-bit integer, of which a JavaScript number would lose
 * digits. The pattern matches no text inside a JSON string, where each quotation mark follows a backslash.
 */
function parse(json) {
  return JSON.parse(json.replace(/"order": ?(-?\d+)/g, '"order":"$1"'));
}
