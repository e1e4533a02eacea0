/**
 * Files that are being sent, stored in the browser, so that sending continues after a reload. Where the browser can't
 * store a file, it isn't stored, without a message. Files of other users are deleted.
 */

const DATABASE = "headway-uploads";
const STORE = "files";
const MAX_BYTES = 1024 ** 3; // the browser makes a copy

let isLeaving = false; // also true if the user then stays; the next page deletes files that were kept by mistake
addEventListener("beforeunload", () => (isLeaving = true));

export class FileStore {
  #username;

  /** @param {string} username */
  constructor(username) {
    this.#username = username;
  }

  /**
   * Store a file and return whether that was possible. If not, it is recorded that this browser is sending the upload.
   *
   * @param {string} id of the upload
   * @param {File} file
   */
  async keep(id, file) {
    const fits = file.size <= Math.min(MAX_BYTES, (await freeBytes()) / 2);
    if (fits && (await this.#put(id, file))) return true;
    await this.#put(id, null);
    return false;
  }

  /**
   * @param {string} id
   * @param {File | null} file
   */
  #put(id, file) {
    return attempt(async () => {
      await inStore("readwrite", (store) => store.put({ id, user: this.#username, file }));
      return true;
    }, false);
  }

  /**
   * Delete a file that has been sent, unless the page is being left: the next page may already be sending it.
   *
   * @param {string} id
   */
  async deleteSent(id) {
    if (!isLeaving) await this.delete(id);
  }

  /** @param {string} id */
  async delete(id) {
    await attempt(() => inStore("readwrite", (store) => store.delete(id)), undefined);
  }

  /**
   * Return the user's files by id, with null for a file that isn't stored. Delete the records of other users.
   *
   * @returns {Promise<Map<string, File | null>>}
   */
  async all() {
    const records = await attempt(() => inStore("readonly", (store) => store.getAll()), []);
    const others = records.filter(({ user }) => user !== this.#username);
    await Promise.all(others.map(({ id }) => this.delete(id)));
    return new Map(records.filter(({ user }) => user === this.#username).map(({ id, file }) => [id, file]));
  }
}

async function freeBytes() {
  const { quota = Infinity, usage = 0 } = await attempt(() => navigator.storage.estimate(), {});
  return quota - usage;
}

/**
 * Return the result, or the fallback if it fails.
 *
 * @template T
 * @param {() => Promise<T>} action
 * @param {T} fallback
 */
async function attempt(action, fallback) {
  try {
    return await action();
  } catch (error) {
    console.debug("No file is stored for a reload:", error);
    return fallback;
  }
}

/**
 * Return the result of a request once its transaction is complete.
 *
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} createRequest
 * @returns {Promise<T>}
 */
async function inStore(mode, createRequest) {
  const database = await openDatabase();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = createRequest(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** @returns {Promise<IDBDatabase>} */
function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
