/**
 * The user's to-dos, as the API has them at this moment, wherever they are changed: asked for as a whole once, then kept
 * up to date by a stream that tells which of them have changed. It draws nothing; "change" says that something is new.
 *
 * Of two answers about a to-do the one that tells of the later change is right, in whichever order they arrive.
 */

import { EventStream } from "../../progress/event-stream.js";
import { delayAfter, POLL_MS } from "../../todos/polling.js";

const MOST_ONE_BY_ONE = 10; // if more have changed, all are asked for
const AGAIN_MS = 5000; // after a question that failed

export class Todos extends EventTarget {
  problem = ""; // why they may be old

  #connection;
  #known = new Map(); // by their ids; of those that are completed only some
  #changed = new Set(); // the ids of those to be asked for
  #all = true; // all are to be asked for
  #asking = false;

  constructor(connection) {
    super();
    this.#connection = connection;
    new Changes(connection, (changed) => this.#hear(changed));
  }

  /** In the order of the list. */
  get sorted() {
    return [...this.#known.values()].sort(compare);
  }

  async add(values) {
    return this.#take(await this.#connection.change("POST", "/todos/", values));
  }

  async change(url, values) {
    return this.#take(await this.#connection.change("PATCH", url, values));
  }

  /** `changed` has their ids; it is null if nobody can name them all. */
  #hear(changed) {
    const ids = Object.keys(changed ?? {}).map(Number);
    if (!changed || ids.length > MOST_ONE_BY_ONE) this.#all = true;
    else for (const id of ids) this.#changed.add(id);
    this.#catchUp();
  }

  /** One question after the other, until nothing is left to ask. */
  async #catchUp() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (this.#all || this.#changed.size) await (this.#all ? this.#askForAll() : this.#askForSome());
      this.#tell("");
    } catch (error) {
      this.#tell(await this.#connection.notLoaded(error));
      if (this.#connection.state === "ready") setTimeout(() => this.#catchUp(), AGAIN_MS); // else the stream begins anew
    }
    this.#asking = false;
  }

  /** What is new since the question was put stays: the answer can't know of it. */
  async #askForAll() {
    const lost = new Set(this.#known.keys());
    this.#all = false;
    this.#changed.clear();
    try {
      for await (const todo of this.#connection.list("/todos/?filter=active")) {
        lost.delete(todo.id);
        this.#keep(todo);
      }
    } catch (error) {
      this.#all = true;
      throw error;
    }
    for (const id of lost) if (!this.#known.get(id).completed) this.#known.delete(id);
  }

  async #askForSome() {
    await Promise.all([...this.#changed].map((id) => this.#askFor(id)));
  }

  async #askFor(id) {
    this.#changed.delete(id); // before the question: it may change again meanwhile
    try {
      this.#keep(await this.#connection.get(`/todos/${id}/`));
    } catch (error) {
      if (error.status === 404) return void this.#known.delete(id);
      this.#changed.add(id);
      throw error;
    }
  }

  #take(todo) {
    this.#keep(todo);
    this.#tell(this.problem);
    return todo;
  }

  #keep(todo) {
    const known = this.#known.get(todo.id);
    if (!known || Date.parse(known.updated_at) <= Date.parse(todo.updated_at)) this.#known.set(todo.id, todo);
  }

  #tell(problem) {
    this.problem = problem;
    this.dispatchEvent(new Event("change"));
  }
}

/** As the server sorts: by `order`, a string of a 64-bit integer, and then by id. */
function compare(a, b) {
  const [one, other] = [BigInt(a.order), BigInt(b.order)];
  return one === other ? a.id - b.id : one < other ? -1 : 1;
}

/** The stream, while the API can be used; what it missed while it was closed is told when it opens again. */
class Changes extends EventStream {
  #connection;
  #hear;
  #since = ""; // the time of the last event
  #reported = new Map(); // the id of a to-do → its newest version that was reported

  constructor(connection, hear) {
    super();
    this.#connection = connection;
    this.#hear = hear;
    connection.addEventListener("change", () => (this.isNeeded ? this.wake() : this.pause()));
  }

  get isNeeded() {
    return this.#connection.state === "ready";
  }

  /** Who is logged in is asked first: a stream is that of whoever this is. */
  async connect(request) {
    await this.#connection.look();
    if (!this.isNeeded) return null;
    const query = new URLSearchParams({
      ...(this.#since && { since: this.#since }),
      ...(this.isPolling && { once: "true" }),
    });
    return this.readStream(
      `${this.#connection.api}/todos/stream/?${query}`,
      request,
      (event) => this.#heard(event),
      (answer) => this.#refused(answer),
    );
  }

  /** It begins with an event. What was there before the first stream is told by none. */
  #heard({ id, data }) {
    const { changed } = JSON.parse(data);
    this.#hear(this.#since && changed ? this.#unreported(changed) : null);
    this.#since = id;
    return this.isPolling && delayAfter(changed);
  }

  /** The first event of a response reports the changes of the last minute again. */
  #unreported(changed) {
    const news = Object.entries(changed).filter(([id, version]) => version > (this.#reported.get(id) ?? 0));
    for (const [id, version] of news) this.#reported.set(id, version);
    return Object.fromEntries(news);
  }

  /** The server may have too many streams, but not too many to-dos. */
  #refused(answer) {
    this.#hear({});
    return this.delayAfterError(answer, POLL_MS);
  }
}
