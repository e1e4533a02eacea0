/**
 * Resumable upload of one file. A sender creates the upload on the server, sends the file in chunks, and continues after
 * interruptions until the server has received all bytes and has started to process the file. It has no user interface,
 * but dispatches "change".
 *
 *   waiting → sending → received → sent            and by the user: paused, cancelled
 *             sending ⇄ unreachable, logged out    continues by itself
 *             sending ⇄ resuming                   requests the offset, and compares the server's bytes with the file
 *   waiting → other tab                            another tab is sending the file; continues by itself
 *             sending ⇄ other device               another device is sending it; continues when that device has stopped
 *   followed → sent, needs file                    another device is sending it, and this one doesn't have the file
 *   failed, needs file                             continues when the user retries or selects the file
 *   rejected                                       the file was rejected before the upload was created
 *
 * `offset` is the number of bytes that the server has acknowledged. Bytes that this sender hasn't sent are compared
 * with the file before it continues. If they differ, the file is sent from the beginning as another upload, and the
 * event "replaced" has the id of the old upload.
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
/** @typedef {{ api: string, session: Session, tus: TusClient, store: Store }} Site dependencies that all senders share */

/** @type {readonly SenderState[]} */
export const ACTIVE_STATES = ["waiting", "sending", "resuming", "other device", "unreachable", "logged out"];

const sendingSlots = new Semaphore(3);
const creatingSlots = new Semaphore(3);

const COMPARED_BYTES = 16 * 1024 * 1024; // bytes per checksum request
const MAX_OWN_CONFLICTS = 3; // consecutive conflicts with an earlier request of this browser, still being received
const OWN_CONFLICT_MS = 300; // the server detects an aborted request within this time
const MAX_CONFLICTS = 5; // consecutive conflicts before the upload fails
const OTHER_DEVICE_MS = 3000; // a device that is sending receives an acknowledgement within this time
const MAX_FORBIDDEN = 3; // consecutive 403 responses before the upload fails
const MAX_RETRY_MS = 10000; // a deployment takes less time, so longer delays would only slow down the upload
const TOO_MANY_TRANSFERS = 429; // the user must wait until other transfers have ended
const TEMPORARY = [408, 423, 425, TOO_MANY_TRANSFERS, 500, 502, 503, 504];

const UNREADABLE =
  "This file can no longer be read. It may have been changed or moved since you chose it. Choose it again.";
const EXPIRED = "The server no longer has this unfinished upload. Try again to upload the file from the beginning.";
const CONFLICT = "Another tab or device is uploading this file at the same time. Try again when that upload has ended.";
const PROXY_LIMIT =
  "A proxy in front of this site rejects even small requests. Ask the administrator to raise the proxy's limit.";

class UnreadableFile extends Error {}
class DifferentFile extends Error {}

export class Sender extends EventTarget {
  /** @type {SenderState} */
  state = "needs file";
  problem = ""; // the error message for the user
  /** @type {Upload | null} */
  upload = null; // null until the file is sent
  isKept; // whether the file is stored in the browser, so that the upload continues after a reload

  #site;
  /** @type {File | null} */
  #file;
  /** @type {Promise<void>} */
  #run = Promise.resolve();
  #abort = new AbortController();
  #chunkSize = new ChunkSize();
  #sentBytes = 0; // size of the last request
  #retries = new Backoff({ maxMs: MAX_RETRY_MS });
  #key = Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join("-");
  #mayExist = false; // whether a request to create the upload has been sent
  #isOffsetUnknown; // whether the server may have received more than `offset`
  #comparedBytes = 0; // the server's bytes up to this offset are identical to the file's
  #ownConflictsLeft = MAX_OWN_CONFLICTS; // expected conflicts, until a request succeeds
  #conflicts = 0;
  #hasCompetitor = false; // whether another device may be sending the file
  /** @type {number | null} */
  #competitorOffset = null; // the offset in the last response
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
    this.#isOffsetUnknown = id !== null;
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
   * Return whether name and size match. The bytes are compared after the sender has started.
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
    this.#ownConflictsLeft = MAX_OWN_CONFLICTS;
    this.#conflicts = this.#forbidden = 0;
    const { signal } = this.#abort;
    this.#setState("waiting");
    this.#run = this.#run.then(() => this.#sendAll(signal));
  }

  /** Pause, and update the offset, because the server keeps the bytes of the current chunk that it has received. */
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

  /** Stop, and delete the upload on the server. Retry until the server responds. */
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
   * @param {string} problem the message for the user
   */
  reject(problem) {
    this.problem = problem;
    this.#setState("rejected");
  }

  /** @param {string} problem the message for the user */
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
    this.#reset();
    this.dispatchEvent(new CustomEvent("replaced", { detail: { id, name, size, offset } }));
  }

  #reset() {
    if (this.id) this.#site.store.delete(this.id);
    this.id = null;
    this.offset = 0;
    this.isKept = false;
    this.#mayExist = false;
    this.#isOffsetUnknown = false;
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
      this.#reset();
      this.fail(EXPIRED);
    } else {
      if (!status) reportError(error);
      this.fail(status === 409 ? CONFLICT : isProxyLimit(error) ? PROXY_LIMIT : messageOf(error));
    }
  }

  /**
   * Create the upload unless it exists, and return its id. The request isn't aborted, because the id is needed to delete
   * the upload.
   *
   * @param {AbortSignal} signal
   */
  async #create(signal) {
    const release = await creatingSlots.acquire(signal);
    try {
      this.id ??= await this.#retry(() => this.#findOrCreate(), signal);
    } finally {
      release();
    }
    const { id } = this;
    if (!this.isKept && this.#file) this.#site.store.keep(id, this.#file).then((isKept) => (this.isKept = isKept));
    return id;
  }

  async #findOrCreate() {
    const existingId = this.#mayExist && (await this.#findUpload());
    this.#mayExist = true;
    const { name: filename, size } = this;
    const id =
      existingId || (await this.#site.tus.create({ filename, filetype: this.#file?.type ?? "", key: this.#key, size }));
    this.#isOffsetUnknown = Boolean(existingId);
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
      while (this.#isOffsetUnknown || this.offset < this.size) {
        await this.#retry(() => this.#sendNext(id, signal), signal);
      }
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
    if (this.#hasCompetitor) return this.#waitForOtherDevice(id, signal);
    if (this.#isOffsetUnknown) return this.#verifyOffset(id, signal);
    const chunk = this.#slice(this.offset, this.offset + this.#chunkSize.bytes);
    const startedAt = performance.now();
    this.#isOffsetUnknown = true;
    this.#sentBytes = chunk.size;
    const offset = await this.#site.tus.send(id, this.offset, chunk, signal);
    this.#chunkSize.adapt(offset - this.offset, performance.now() - startedAt);
    this.#conflicts = this.#forbidden = 0;
    this.#ownConflictsLeft = 0; // no earlier request is being received
    this.#comparedBytes = offset;
    return this.#acknowledge(offset);
  }

  /**
   * Request the offset, and compare the bytes that this sender hasn't sent. Throws DifferentFile.
   *
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async #verifyOffset(id, signal) {
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
    checksum.catch(() => {}); // prevents an unhandled rejection if the request below fails first
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
   * Wait until another device has stopped sending: two senders of the same file would interrupt each other forever.
   *
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async #waitForOtherDevice(id, signal) {
    const offset = await this.#site.tus.offset(id, signal);
    this.#hasCompetitor = offset !== this.#competitorOffset && offset < this.size;
    this.#competitorOffset = this.#hasCompetitor ? offset : null;
    if (!this.#hasCompetitor) return this.#verifyOffset(id, signal);
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
    this.#isOffsetUnknown = false;
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
      this.#chunkSize.halve();
      this.#ownConflictsLeft = MAX_OWN_CONFLICTS;
      this.#setState(status === TOO_MANY_TRANSFERS ? "waiting" : "unreachable");
      await sleep(Math.max(this.#retries.next(), 1000 * delayOf(error)), signal);
    } else if (isProxyLimit(error) && this.#chunkSize.limitBelow(this.#sentBytes)) {
      return; // repeat the request immediately, with a smaller chunk
    } else if (isLoggedOut) {
      this.#setState("logged out");
      await abortable(session.waitUntilActive(), signal);
    } else if (status === 403 && this.#forbidden++ < MAX_FORBIDDEN) {
      session.token.discard();
    } else if (status === 409 && this.#ownConflictsLeft-- > 0) {
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
 * Return the delay in the Retry-After header in seconds, or 0 without one.
 *
 * @param {unknown} error
 */
function delayOf(error) {
  return error instanceof ApiError ? retryAfter(error.headers) : 0;
}
