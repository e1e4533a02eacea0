/**
 * One file's way to the server: created there, then sent piece by piece, through whatever comes between, until the
 * server has all of it and has begun to process it. It draws nothing; "change" says that something has changed.
 *
 *   waiting → sending → arrived → sent             and by the user: paused, cancelled
 *             sending ⇄ unreachable, logged out    goes on by itself
 *             sending ⇄ resuming                   asks what the server has, and compares it with the file
 *   waiting → elsewhere                            another tab sends it; goes on by itself
 *             sending ⇄ contested                    another device sends it; goes on when that has stopped
 *   followed → sent, needs file                    another device sends it, and this one has no file
 *   failed, needs file                             goes on when the user says so, or gives the file
 *   refused                                        never began
 *
 * `offset` is what the server has acknowledged, and no more. Bytes that this sender hasn't sent are compared with the
 * file's before it goes on. If they differ, the file is sent from its start as another upload; "left" names the old one.
 */

import { request as ask, NetworkError, retryAfter } from "../progress/request.js";
import { Pace } from "./pace.js";
import { sha256 } from "./sha256.js";
import { alone, moment, Patience, Turns, unlessAborted } from "./waiting.js";

const sending = new Turns(3);
const creating = new Turns(3);
const held = new Set(); // the ids of all uploads that have a sender here

const COMPARED_BYTES = 16 * 1024 * 1024; // in one step
const OWN_CONFLICTS = 3; // in a row, by an earlier request of this browser that the server is still receiving
const RESUME_MS = 300; // by then it has noticed that the request was cut
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
class Different extends Error {}

export class Sender extends EventTarget {
  state = "needs file";
  problem = ""; // why it failed, in words for the user
  upload = null; // as the API has it, once it is sent
  kept = false; // whether it goes on by itself after a reload

  #site;
  #file;
  #run = Promise.resolve();
  #stop = new AbortController();
  #pace = new Pace();
  #sentBytes = 0; // in the last request
  #patience = new Patience();
  #key = Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join("-");
  #unsure; // whether the server may have more than we know
  #same = 0; // so many bytes of what the server has are known to be this file's
  #ownConflicts = 0; // how many more an earlier request of ours may cause
  #conflicts = 0;
  #contested = false; // whether somebody else may be sending it
  #seen = null; // how far they had come when we last looked
  #forbidden = 0;

  /** `site` is what all senders share: api, tus, session and kept. An upload that exists already has an id. */
  constructor(site, { name, size, file = null, id = null, offset = 0, kept = false }) {
    super();
    Object.assign(this, { name, size, id, offset, kept });
    this.#site = site;
    this.#file = file;
    this.#unsure = id !== null;
    if (id) held.add(id);
  }

  get isActive() {
    return ["waiting", "sending", "resuming", "contested", "unreachable", "logged out"].includes(this.state);
  }

  get takesRoom() {
    return !["failed", "refused", "cancelled"].includes(this.state);
  }

  /** Until all of it is there; null while nobody knows. */
  get secondsLeft() {
    return this.state === "sending" ? this.#pace.seconds(this.size - this.offset) : null;
  }

  /** Whether this file may be the one; its bytes are compared once it is started. */
  isFor(file) {
    return file.name === this.name && file.size === this.size;
  }

  /** Show how far another device comes, which is sending it. */
  follow() {
    const { signal } = this.#stop;
    this.#become("followed");
    this.#run = this.#follow(signal).catch((error) => signal.aborted || this.#end(error));
  }

  start(file = this.#file) {
    this.#file = file;
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#ownConflicts = OWN_CONFLICTS;
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
    if (this.#stop !== stop || this.state !== "paused") return;
    this.offset = offset;
    this.#become("paused");
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
      await alone(
        `upload ${this.id}`,
        signal,
        () => this.#become("elsewhere"),
        () => this.#send(signal),
      );
      this.upload = await this.#insist(() => this.#ask(signal), signal);
      this.#site.kept.sent(this.id);
      this.#become("sent");
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Different)) return this.#end(error);
      this.#leave();
      await this.#live(signal);
    }
  }

  /** What has been begun is not this file: send it as another upload. */
  #leave() {
    const { id, name, size, offset } = this;
    this.#forget();
    this.dispatchEvent(new CustomEvent("left", { detail: { id, name, size, offset } }));
  }

  #forget() {
    this.#site.kept.forget(this.id);
    held.delete(this.id);
    Object.assign(this, { id: null, offset: 0, kept: false });
    this.#unsure = false;
    this.#same = 0;
  }

  #end(error) {
    if (error instanceof Unreadable) {
      this.#file = null;
      this.problem = UNREADABLE;
      this.#become("needs file");
    } else if (this.id && [404, 410].includes(error.status)) {
      this.#forget();
      this.fail(GONE);
    } else {
      if (!error.status) reportError(error);
      this.fail(error.status === 409 ? CONFLICT : isProxyLimit(error) ? PROXY_LIMIT : error.message);
    }
  }

  /** This is not aborted half-way, because we must know what there is to be ended. */
  async #create(signal) {
    const release = await creating.take(signal);
    try {
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
    const about = { filename: this.name, filetype: this.#file.type, key: this.#key, size: this.size };
    const id = found || (await this.#site.tus.create(about));
    this.#unsure = Boolean(found);
    return id;
  }

  /** The answer to a request that created it may have been lost: then it is there. */
  async #lookUp() {
    const unfinished = await this.#site.tus.unfinished();
    return unfinished.find(({ metadata }) => metadata.key === this.#key)?.id;
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
    if (this.#unsure) return this.#catchUp(signal);
    const bytes = this.#file.slice(this.offset, this.offset + this.#pace.bytes);
    const since = performance.now();
    this.#unsure = true;
    this.#sentBytes = bytes.size;
    const offset = await tus.send(this.id, this.offset, bytes, signal);
    this.#pace.took(offset - this.offset, performance.now() - since);
    this.#conflicts = this.#forbidden = this.#ownConflicts = 0;
    this.#same = offset;
    return this.#acknowledge(offset);
  }

  /** Ask how much the server has, and compare what is new of it. Raises Different. */
  async #catchUp(signal) {
    const offset = await this.#site.tus.offset(this.id, signal);
    this.offset = offset;
    this.#same = Math.min(this.#same, offset);
    if (this.#same < offset) this.#become("resuming");
    while (this.#same < offset) await this.#compare(Math.min(this.#same + COMPARED_BYTES, offset), signal);
    this.#acknowledge(offset);
  }

  async #compare(end, signal) {
    const ours = sha256(this.#file.slice(this.#same, end)).catch(this.#unreadable);
    ours.catch(() => {}); // it is awaited below, unless the server doesn't answer
    if ((await this.#site.tus.checksum(this.id, this.#same, end, signal)) !== (await ours)) throw new Different();
    this.#same = end;
  }

  /** Two that send the same file would throw each other out again and again: wait until the other one has stopped. */
  async #giveWay(signal) {
    const offset = await this.#site.tus.offset(this.id, signal);
    this.#contested = offset !== this.#seen && offset < this.size;
    this.#seen = this.#contested ? offset : null;
    if (!this.#contested) return this.#catchUp(signal);
    this.offset = offset;
    this.#become("contested");
    return moment(GIVE_WAY_MS * (1 + Math.random() / 2), signal);
  }

  async #follow(signal) {
    for (;;) {
      await moment(GIVE_WAY_MS, signal);
      const offset = await this.#insist(() => this.#site.tus.offset(this.id, signal), signal);
      const hasStopped = offset === this.offset;
      this.offset = offset;
      if (offset === this.size) break;
      this.#become(hasStopped ? "needs file" : "followed");
      if (hasStopped) return;
    }
    this.upload = await this.#insist(() => this.#ask(signal), signal);
    this.#become("sent");
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
    await this.#file
      ?.slice(this.offset, this.offset + 1)
      .arrayBuffer()
      .catch(this.#unreadable); // looks like no answer
    signal.throwIfAborted();
    if (error instanceof NetworkError || COME_BACK_LATER.includes(error.status)) {
      this.#pace.broke();
      this.#ownConflicts = OWN_CONFLICTS;
      this.#become(error.status === TOO_MANY ? "waiting" : "unreachable");
      await this.#patience.wait(signal, error.headers ? retryAfter(error.headers) : 0);
    } else if (isProxyLimit(error) && this.#pace.refused(this.#sentBytes)) {
      return; // try again at once, with less
    } else if (isLoggedOut) {
      this.#become("logged out");
      await unlessAborted(session.returned(), signal);
    } else if (error.status === 403 && this.#forbidden++ < MOST_FORBIDDEN) {
      session.forget();
    } else if (error.status === 409 && this.#ownConflicts-- > 0) {
      this.#become("resuming");
      await moment(RESUME_MS, signal);
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

/** Whether a proxy has rejected a request as too large: Headway and its nginx send Tus-Resumable with each response. */
function isProxyLimit({ status, headers }) {
  return status === 413 && !headers.has("Tus-Resumable");
}
