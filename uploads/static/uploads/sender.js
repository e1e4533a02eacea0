/**
 * One file's way to the server: created there, then sent piece by piece, through whatever comes between, until the
 * server has all of it and has begun to process it. It draws nothing; "change" says that something has changed.
 *
 *   waiting → sending → arrived → sent             and by the user: paused, cancelled
 *             sending ⇄ unreachable, logged out    goes on by itself
 *   waiting → elsewhere                            another tab sends it; goes on by itself
 *             sending ⇄ contested                    another device sends it; goes on when that has stopped
 *   failed, needs file                             goes on when the user says so, or gives the file
 *   refused                                        never began
 *
 * `offset` is what the server has acknowledged, and no more.
 */

import { ask, NoAnswer } from "./answers.js";
import { fingerprint } from "./fingerprint.js";
import { Pace } from "./pace.js";
import { alone, moment, Patience, Turns, unlessAborted } from "./waiting.js";

const sending = new Turns(3);
const creating = new Turns(3);
const held = new Set(); // the ids of all uploads that have a sender here

const MOST_CONFLICTS = 5; // in a row
const GIVE_WAY_MS = 3000; // whoever sends has something acknowledged within that
const MOST_FORBIDDEN = 3;
const TOO_MANY = 429; // files on their way; others end
const COME_BACK_LATER = [408, 423, 425, TOO_MANY, 500, 502, 503, 504];

const UNREADABLE = "The file can't be read any more: it may have been changed or moved since it was chosen.";
const GONE = "The server does not have what was sent any more. Try again to send the file from its start.";
const CONFLICT = "This file is being sent from somewhere else at the same time. Try again when that has ended.";
const PROXY_LIMIT =
  "A proxy in front of this site refuses even small parts of the file. Ask whoever runs the site to raise its limit.";

class Unreadable extends Error {}

export class Sender extends EventTarget {
  state = "needs file";
  problem = ""; // why it failed, in words for the user
  upload = null; // as the API has it, once it is sent
  kept = false; // whether it goes on by itself after a reload

  #site;
  #file;
  #fingerprint;
  #run = Promise.resolve();
  #stop = new AbortController();
  #pace = new Pace();
  #sentBytes = 0; // in the last request
  #patience = new Patience();
  #unsure; // whether the server may have more than we know
  #conflicts = 0;
  #contested = false; // whether somebody else may be sending it
  #seen = null; // how far they had come when we last looked
  #forbidden = 0;

  /** `site` is what all senders share: api, tus, session and kept. An upload that exists already has an id. */
  constructor(site, { name, size, file = null, id = null, offset = 0, fingerprint = "", kept = false }) {
    super();
    Object.assign(this, { name, size, id, offset, kept });
    this.#site = site;
    this.#file = file;
    this.#fingerprint = fingerprint;
    this.#unsure = id !== null;
    if (id) held.add(id);
  }

  get isActive() {
    return ["waiting", "sending", "contested", "unreachable", "logged out"].includes(this.state);
  }

  get takesRoom() {
    return !["failed", "refused", "cancelled"].includes(this.state);
  }

  /** Until all of it is there; null while nobody knows. */
  get secondsLeft() {
    return this.state === "sending" ? this.#pace.seconds(this.size - this.offset) : null;
  }

  /** Whether this file is the one, as far as one can tell without reading all of it. */
  async isFor(file) {
    if (file.name !== this.name || file.size !== this.size) return false;
    const found = this.#fingerprint && (await fingerprint(file).catch(() => "unreadable"));
    return !found || found === this.#fingerprint;
  }

  start(file = this.#file) {
    this.#file = file;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#conflicts = this.#forbidden = 0;
    this.#become("waiting");
    this.#run = this.#run.then(() => this.#live(signal));
  }

  /** What arrived of the piece that is on its way counts, so that the server is asked for it. */
  async pause() {
    const stop = this.#stop;
    stop.abort();
    this.#become("paused");
    await this.#run;
    if (!this.id) return;
    const offset = await this.#site.tus.offset(this.id).catch(() => this.offset);
    if (this.#stop === stop && this.state === "paused") this.#acknowledge(offset);
  }

  /** For good, here and on the server, however long it takes to reach it. */
  async cancel() {
    this.#become("cancelled");
    this.#stop.abort();
    await this.#run;
    if (!this.id) return;
    held.delete(this.id);
    await this.#site.kept.forget(this.id);
    await this.#insist(() => this.#site.tus.terminate(this.id), new AbortController().signal).catch(console.debug);
  }

  /** Don't even try. */
  refuse(problem) {
    this.problem = problem;
    this.#become("refused");
  }

  fail(problem) {
    this.problem = problem;
    this.#become("failed");
  }

  async #live(signal) {
    try {
      signal.throwIfAborted();
      await this.#create(signal);
      signal.throwIfAborted();
      await alone(`upload ${this.id}`, signal, () => this.#become("elsewhere"), () => this.#send(signal));
      this.upload = await this.#insist(() => this.#ask(signal), signal);
      this.#site.kept.sent(this.id);
      this.#become("sent");
    } catch (error) {
      if (!signal.aborted) this.#end(error);
    }
  }

  #end(error) {
    if (error instanceof Unreadable) {
      this.#file = null;
      this.problem = UNREADABLE;
      this.#become("needs file");
    } else if (this.id && [404, 410].includes(error.status)) {
      this.#site.kept.forget(this.id);
      held.delete(this.id);
      Object.assign(this, { id: null, offset: 0, kept: false });
      this.#unsure = false;
      this.fail(GONE);
    } else {
      if (!error.status) reportError(error);
      this.fail(error.status === 409 ? CONFLICT : error.isProxyLimit ? PROXY_LIMIT : error.message);
    }
  }

  /** This is not aborted half-way, because we must know what there is to be ended. */
  async #create(signal) {
    const release = await creating.take(signal);
    try {
      this.#fingerprint ||= await fingerprint(this.#file).catch(this.#unreadable);
      await this.#insist(async () => (this.id ??= await this.#register()), signal);
    } finally {
      release();
    }
    held.add(this.id);
    if (!this.kept) this.#site.kept.keep(this.id, this.#file).then((kept) => (this.kept = kept));
  }

  async #register() {
    const found = this.#unsure && (await this.#lookUp());
    this.#unsure = true;
    const about = { filename: this.name, filetype: this.#file.type, fingerprint: this.#fingerprint, size: this.size };
    const id = found || (await this.#site.tus.create(about));
    this.#unsure = Boolean(found);
    return id;
  }

  /** The answer to a request that created it may have been lost: then it is there. */
  async #lookUp() {
    const unfinished = await this.#site.tus.unfinished();
    const same = ({ id, size, metadata }) =>
      !held.has(id) && size === this.size && (metadata.fingerprint ?? "") === this.#fingerprint && metadata.filename === this.name;
    return unfinished.find(same)?.id;
  }

  async #send(signal) {
    signal.throwIfAborted();
    this.#become("waiting");
    const release = await sending.take(signal);
    try {
      this.#become("sending");
      while (this.#unsure || this.offset < this.size) await this.#insist(() => this.#sendNext(signal), signal);
      signal.throwIfAborted();
      this.#become("arrived");
    } finally {
      release();
    }
  }

  async #sendNext(signal) {
    const { tus } = this.#site;
    if (this.#contested) return this.#giveWay(signal);
    if (this.#unsure) return this.#acknowledge(await tus.offset(this.id, signal));
    const bytes = this.#file.slice(this.offset, this.offset + this.#pace.bytes);
    const since = performance.now();
    this.#unsure = true;
    this.#sentBytes = bytes.size;
    const offset = await tus.send(this.id, this.offset, bytes, signal);
    this.#pace.took(offset - this.offset, performance.now() - since);
    this.#conflicts = this.#forbidden = 0;
    return this.#acknowledge(offset);
  }

  /** Two that send the same file would throw each other out again and again: wait until the other one has stopped. */
  async #giveWay(signal) {
    const offset = await this.#site.tus.offset(this.id, signal);
    this.#contested = offset !== this.#seen && offset < this.size;
    this.#seen = this.#contested ? offset : null;
    if (!this.#contested) return this.#acknowledge(offset);
    this.offset = offset;
    this.#become("contested");
    return moment(GIVE_WAY_MS * (1 + Math.random() / 2), signal);
  }

  #acknowledge(offset) {
    this.#unsure = false;
    this.#patience.worked();
    this.offset = offset;
    this.#become(this.state === "paused" ? "paused" : "sending");
  }

  async #ask(signal) {
    return (await ask(`${this.#site.api}/uploads/${this.id}/`, { signal })).json();
  }

  async #insist(step, signal) {
    for (;;) {
      try {
        return await step();
      } catch (error) {
        signal.throwIfAborted();
        await this.#overcome(error, signal);
      }
    }
  }

  /** Wait until it makes sense to try again; raises the error if it never does. */
  async #overcome(error, signal) {
    const { session } = this.#site;
    const isLoggedOut = error.status === 401 || (error.status === 403 && !(await session.isTheirs().catch(() => true)));
    await this.#file?.slice(this.offset, this.offset + 1).arrayBuffer().catch(this.#unreadable); // looks like no answer
    signal.throwIfAborted();
    if (error instanceof NoAnswer || COME_BACK_LATER.includes(error.status)) {
      this.#pace.broke();
      this.#become(error.status === TOO_MANY ? "waiting" : "unreachable");
      await this.#patience.wait(signal, error.retryAfter);
    } else if (error.isProxyLimit && this.#pace.refused(this.#sentBytes)) {
      return; // try again at once, with less
    } else if (isLoggedOut) {
      this.#become("logged out");
      await unlessAborted(session.returned(), signal);
    } else if (error.status === 403 && this.#forbidden++ < MOST_FORBIDDEN) {
      session.forget();
    } else if (error.status === 409 && this.#conflicts++ < MOST_CONFLICTS) {
      this.#contested = true;
    } else {
      throw error;
    }
  }

  #unreadable() {
    throw new Unreadable();
  }

  #become(state) {
    if (this.state === "cancelled") return;
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
