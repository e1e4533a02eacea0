/**
 * The sending of one file: it is created on the server, then sent in chunks through any number of interruptions, until
 * the server has all of it and has started to process it. A sender draws nothing; it dispatches "change".
 *
 *   waiting → sending → received → sent            and by the user: paused, cancelled
 *             sending ⇄ unreachable, logged out    continues by itself
 *             sending ⇄ resuming                   requests the offset, and compares the server's bytes with the file
 *   waiting → other tab                            another tab is sending the file; continues by itself
 *             sending ⇄ other device               another device is sending it; continues when that has stopped
 *   followed → sent, needs file                    another device is sending it, and this one doesn't have the file
 *   failed, needs file                             continues when the user retries or chooses the file
 *   rejected                                       has never started
 *
 * `offset` is the number of bytes that the server has acknowledged. Bytes that this sender hasn't sent are compared
 * with the file before it continues. If they differ, the file is sent from its start as another upload, and "replaced"
 * names the old one.
 */

import { Backoff } from "../progress/backoff.js";
import { ApiError, messageOf, NetworkError, request, retryAfter, statusOf } from "../progress/request.js";
import { abortable, sleep, withLock } from "./abortable.js";
import { ChunkSize } from "./chunk-size.js";
import { Semaphore } from "./semaphore.js";
import { sha256 } from "./sha256.js";

/** @import { Job } from "../progress/job-watcher.js" */
/** @import { FileStore } from "./file-store.js" */
/** @import { Session } from "./session.js" */
/** @import { TusClient } from "./tus.js" */
/**
 * @typedef {"waiting" | "sending" | "received" | "sent" | "paused" | "cancelled" | "unreachable" | "logged out"
 *   | "resuming" | "other tab" | "other device" | "followed" | "failed" | "needs file" | "rejected"} SenderState
 */
/** @typedef {{ id: string, job: Job | null }} Upload a file on the server, as the API returns it */
/** @typedef {Pick<FileStore, "keep" | "delete" | "deleteSent">} Store where files are kept for a reload */
/** @typedef {{ id?: string | null, offset?: number, isKept?: boolean }} ExistingUpload */
/** @typedef {{ api: string, session: Session, tus: TusClient, store: Store }} Site what all senders share */

/** @type {readonly SenderState[]} */
export const ACTIVE_STATES = ["waiting", "sending", "resuming", "other device", "unreachable", "logged out"];

const sendingSlots = new Semaphore(3);
const creatingSlots = new Semaphore(3);

const COMPARED_BYTES = 16 * 1024 * 1024; // in one step
const MAX_OWN_CONFLICTS = 3; // in a row, with an earlier request of this browser that the server is still receiving
const OWN_CONFLICT_MS = 300; // by then the server has noticed that the earlier request was aborted
const MAX_CONFLICTS = 5; // in a row
const OTHER_DEVICE_MS = 3000; // another device that is sending gets an acknowledgement within that
const MAX_FORBIDDEN = 3; // in a row
const MAX_RETRY_MS = 10000; // a deployment takes no longer
const TOO_MANY_TRANSFERS = 429; // until other transfers have ended
const TEMPORARY = [408, 423, 425, TOO_MANY_TRANSFERS, 500, 502, 503, 504];

const UNREADABLE = "The file can't be read any more. It may have been changed or moved since you chose it.";
const EXPIRED = "The server no longer has the part that was sent. Try again to send the file from its start.";
const CONFLICT = "This file is being sent from somewhere else at the same time. Try again when that has ended.";
const PROXY_LIMIT =
  "A proxy in front of this site rejects even small parts of this file. Ask the administrator to raise its limit.";

class UnreadableFile extends Error {}
class DifferentFile extends Error {}

export class Sender extends EventTarget {
  /** @type {SenderState} */
  state = "needs file";
  problem = ""; // the error message for the user
  /** @type {Upload | null} */
  upload = null; // once the file is sent
  isKept; // whether sending continues by itself after a reload

  #site;
  /** @type {File | null} */
  #file;
  /** @type {Promise<void>} */
  #run = Promise.resolve();
  #abort = new AbortController();
  #chunkSize = new ChunkSize();
  #sentBytes = 0; // in the last request
  #retries = new Backoff({ maxMs: MAX_RETRY_MS });
  #key = Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join("-");
  #isUnsure; // whether the server may have more than `offset`
  #comparedBytes = 0; // the server's bytes up to here are known to be the file's
  #ownConflicts = MAX_OWN_CONFLICTS; // how many more to expect
  #conflicts = 0;
  #hasCompetitor = false; // whether another device may be sending the file
  /** @type {number | null} */
  #competitorOffset = null; // when it was last requested
  #forbidden = 0;

  /**
   * @param {Site} site
   * @param {{ name: string, size: number, file?: File | null } & ExistingUpload} file
   */
  constructor(site, { name, size, file = null, id = null, offset = 0, isKept = false }) {
    super();
    this.name = name;
    this.size = size;
    this.id = id;
    this.offset = offset;
    this.isKept = isKept;
    this.#site = site;
    this.#file = file;
    this.#isUnsure = id !== null;
  }

  get isActive() {
    return ACTIVE_STATES.includes(this.state);
  }

  /** Whether the file counts towards the user's quota. */
  get countsTowardsQuota() {
    return !["failed", "rejected", "cancelled"].includes(this.state);
  }

  /** The estimated time until all bytes are sent, or null if it is unknown. */
  get secondsLeft() {
    return this.state === "sending" ? this.#chunkSize.secondsFor(this.size - this.offset) : null;
  }

  /**
   * Return whether this may be the file. Its bytes are compared once it is started.
   *
   * @param {File} file
   */
  matches(file) {
    return file.name === this.name && file.size === this.size;
  }

  /** Show the progress of another device that is sending the file. */
  follow() {
    const { signal } = this.#abort;
    this.#setState("followed");
    this.#run = this.#follow(signal).catch((error) => {
      if (!signal.aborted) this.#fail(error);
    });
  }

  start(file = this.#file) {
    this.#file = file;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#ownConflicts = MAX_OWN_CONFLICTS;
    this.#conflicts = this.#forbidden = 0;
    const { signal } = this.#abort;
    this.#setState("waiting");
    this.#run = this.#run.then(() => this.#sendAll(signal));
  }

  /** Pause. The server keeps what it has received of the current chunk, so the offset is requested. */
  async pause() {
    const abort = this.#abort;
    abort.abort();
    this.#setState("paused");
    await this.#run;
    if (!this.id) return;
    const offset = await this.#site.tus.offset(this.id).catch(() => this.offset);
    if (this.#abort !== abort || this.state !== "paused") return;
    this.offset = offset;
    this.#setState("paused");
  }

  /** Stop, and delete the upload on the server, however long it takes to reach it. */
  async cancel() {
    this.#setState("cancelled");
    this.#abort.abort();
    await this.#run;
    const { id } = this;
    if (!id) return;
    await this.#site.store.delete(id);
    await this.#retry(() => this.#site.tus.terminate(id), new AbortController().signal).catch(console.debug);
  }

  /**
   * Reject the file before anything is sent.
   *
   * @param {string} problem
   */
  reject(problem) {
    this.problem = problem;
    this.#setState("rejected");
  }

  /** @param {string} problem */
  fail(problem) {
    this.problem = problem;
    this.#setState("failed");
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<void>}
   */
  async #sendAll(signal) {
    try {
      signal.throwIfAborted();
      const id = await this.#create(signal);
      signal.throwIfAborted();
      await withLock(
        `upload ${id}`,
        signal,
        () => this.#setState("other tab"),
        () => this.#sendChunks(id, signal),
      );
      await this.#finish(id, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof DifferentFile)) return this.#fail(error);
      this.#replace();
      await this.#sendAll(signal);
    }
  }

  /** Send the file as another upload, because the server has the bytes of a different file. */
  #replace() {
    const { id, name, size, offset } = this;
    this.#forget();
    this.dispatchEvent(new CustomEvent("replaced", { detail: { id, name, size, offset } }));
  }

  #forget() {
    if (this.id) this.#site.store.delete(this.id);
    this.id = null;
    this.offset = 0;
    this.isKept = false;
    this.#isUnsure = false;
    this.#comparedBytes = 0;
  }

  /** @param {unknown} error */
  #fail(error) {
    const status = statusOf(error);
    if (error instanceof UnreadableFile) {
      this.#file = null;
      this.problem = UNREADABLE;
      this.#setState("needs file");
    } else if (this.id && (status === 404 || status === 410)) {
      this.#forget();
      this.fail(EXPIRED);
    } else {
      if (!status) reportError(error);
      this.fail(status === 409 ? CONFLICT : isProxyLimit(error) ? PROXY_LIMIT : messageOf(error));
    }
  }

  /**
   * Create the upload unless it exists, and return its id. This isn't aborted, because the id is needed to delete it.
   *
   * @param {AbortSignal} signal
   */
  async #create(signal) {
    const release = await creatingSlots.acquire(signal);
    try {
      this.id ??= await this.#retry(() => this.#register(), signal);
    } finally {
      release();
    }
    const { id } = this;
    if (!this.isKept && this.#file) this.#site.store.keep(id, this.#file).then((isKept) => (this.isKept = isKept));
    return id;
  }

  async #register() {
    const existingId = this.#isUnsure && (await this.#findUpload());
    this.#isUnsure = true;
    const { name: filename, size } = this;
    const id =
      existingId || (await this.#site.tus.create({ filename, filetype: this.#file?.type ?? "", key: this.#key, size }));
    this.#isUnsure = Boolean(existingId);
    return id;
  }

  /** Return the id of the upload if an earlier request has created it and its response was lost. */
  async #findUpload() {
    const unfinished = await this.#site.tus.unfinished();
    return unfinished.find(({ metadata }) => metadata.key === this.#key)?.id;
  }

  /**
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async #sendChunks(id, signal) {
    signal.throwIfAborted();
    this.#setState("waiting");
    const release = await sendingSlots.acquire(signal);
    try {
      this.#setState("sending");
      while (this.#isUnsure || this.offset < this.size) await this.#retry(() => this.#sendNext(id, signal), signal);
      signal.throwIfAborted();
      this.#setState("received");
    } finally {
      release();
    }
  }

  /**
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async #sendNext(id, signal) {
    if (this.#hasCompetitor) return this.#giveWay(id, signal);
    if (this.#isUnsure) return this.#catchUp(id, signal);
    const chunk = this.#slice(this.offset, this.offset + this.#chunkSize.bytes);
    const startedAt = performance.now();
    this.#isUnsure = true;
    this.#sentBytes = chunk.size;
    const offset = await this.#site.tus.send(id, this.offset, chunk, signal);
    this.#chunkSize.acknowledged(offset - this.offset, performance.now() - startedAt);
    this.#conflicts = this.#forbidden = this.#ownConflicts = 0;
    this.#comparedBytes = offset;
    return this.#acknowledge(offset);
  }

  /**
   * Request the offset, and compare the bytes that this sender hasn't sent. Throws DifferentFile.
   *
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async #catchUp(id, signal) {
    const offset = await this.#site.tus.offset(id, signal);
    this.offset = offset;
    this.#comparedBytes = Math.min(this.#comparedBytes, offset);
    if (this.#comparedBytes < offset) this.#setState("resuming");
    while (this.#comparedBytes < offset) {
      await this.#compare(id, Math.min(this.#comparedBytes + COMPARED_BYTES, offset), signal);
    }
    this.#acknowledge(offset);
  }

  /**
   * @param {string} id
   * @param {number} end
   * @param {AbortSignal} signal
   */
  async #compare(id, end, signal) {
    const checksum = sha256(this.#slice(this.#comparedBytes, end)).catch(throwUnreadable);
    checksum.catch(() => {}); // it is awaited below, unless the server's response fails first
    const serversChecksum = await this.#site.tus.checksum(id, this.#comparedBytes, end, signal);
    if (serversChecksum !== (await checksum)) throw new DifferentFile();
    this.#comparedBytes = end;
  }

  /**
   * @param {number} start
   * @param {number} end
   */
  #slice(start, end) {
    if (!this.#file) throw new UnreadableFile();
    return this.#file.slice(start, end);
  }

  /**
   * Wait until another device has stopped sending: two senders of the same file would interrupt each other for ever.
   *
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async #giveWay(id, signal) {
    const offset = await this.#site.tus.offset(id, signal);
    this.#hasCompetitor = offset !== this.#competitorOffset && offset < this.size;
    this.#competitorOffset = this.#hasCompetitor ? offset : null;
    if (!this.#hasCompetitor) return this.#catchUp(id, signal);
    this.offset = offset;
    this.#setState("other device");
    return sleep(OTHER_DEVICE_MS * (1 + Math.random() / 2), signal);
  }

  /** @param {AbortSignal} signal */
  async #follow(signal) {
    const id = this.id ?? "";
    for (;;) {
      await sleep(OTHER_DEVICE_MS, signal);
      const offset = await this.#retry(() => this.#site.tus.offset(id, signal), signal);
      const hasStopped = offset === this.offset;
      this.offset = offset;
      if (offset === this.size) return this.#finish(id, signal);
      this.#setState(hasStopped ? "needs file" : "followed");
      if (hasStopped) return undefined;
    }
  }

  /** @param {number} offset */
  #acknowledge(offset) {
    this.#isUnsure = false;
    this.#retries.reset();
    this.offset = offset;
    this.#setState(this.state === "paused" ? "paused" : "sending");
  }

  /**
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async #finish(id, signal) {
    const url = `${this.#site.api}/uploads/${id}/`;
    this.upload = await this.#retry(async () => (await request(url, { signal })).json(), signal);
    this.#site.store.deleteSent(id);
    this.#setState("sent");
  }

  /**
   * Return the result of a step, and repeat it after each error that may be temporary.
   *
   * @template T
   * @param {() => Promise<T>} step
   * @param {AbortSignal} signal
   */
  async #retry(step, signal) {
    for (;;) {
      try {
        return await step();
      } catch (error) {
        signal.throwIfAborted();
        await this.#recover(error, signal);
      }
    }
  }

  /**
   * Wait until the step can be repeated, or throw the error if it can't.
   *
   * @param {unknown} error
   * @param {AbortSignal} signal
   */
  async #recover(error, signal) {
    const { session } = this.#site;
    const status = statusOf(error) ?? 0;
    const isLoggedOut = status === 401 || (status === 403 && !(await session.isActive().catch(() => true)));
    await this.#checkReadable(); // sending a file that can't be read fails like a network error
    signal.throwIfAborted();
    if (error instanceof NetworkError || TEMPORARY.includes(status)) {
      this.#chunkSize.interrupted();
      this.#ownConflicts = MAX_OWN_CONFLICTS;
      this.#setState(status === TOO_MANY_TRANSFERS ? "waiting" : "unreachable");
      await sleep(Math.max(this.#retries.next(), 1000 * delayOf(error)), signal);
    } else if (isProxyLimit(error) && this.#chunkSize.refusedByProxy(this.#sentBytes)) {
      return; // repeat it immediately, with a smaller chunk
    } else if (isLoggedOut) {
      this.#setState("logged out");
      await abortable(session.returned(), signal);
    } else if (status === 403 && this.#forbidden++ < MAX_FORBIDDEN) {
      session.token.discard();
    } else if (status === 409 && this.#ownConflicts-- > 0) {
      this.#setState("resuming");
      await sleep(OWN_CONFLICT_MS, signal);
    } else if (status === 409 && this.#conflicts++ < MAX_CONFLICTS) {
      this.#hasCompetitor = true;
    } else {
      throw error;
    }
  }

  async #checkReadable() {
    const byte = this.#file?.slice(this.offset, this.offset + 1);
    await byte?.arrayBuffer().catch(throwUnreadable);
  }

  /** @param {SenderState} state */
  #setState(state) {
    if (this.state === "cancelled") return;
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

/** @param {string | undefined} limit */
export function tooLargeMessage(limit) {
  return `This file is larger than ${limit}, the limit on this server. Choose a smaller file.`;
}

/** @returns {never} */
function throwUnreadable() {
  throw new UnreadableFile();
}

/**
 * Return whether a proxy rejected a request as too large: Headway and its nginx send Tus-Resumable with each response.
 *
 * @param {unknown} error
 */
function isProxyLimit(error) {
  return error instanceof ApiError && error.status === 413 && !error.headers.has("Tus-Resumable");
}

/**
 * Return the delay that the server has asked for, in seconds.
 *
 * @param {unknown} error
 */
function delayOf(error) {
  return error instanceof ApiError ? retryAfter(error.headers) : 0;
}
