/**
 * Files that are on their way, kept in the browser, so that they go on by themselves after a reload. It is a
 * convenience: where it doesn't work, nothing is kept, and nothing is said. What belongs to another user is not given
 * out, but thrown away.
 */

const DATABASE = "headway-uploads";
const STORE = "files";
const MOST_BYTES = 1024 ** 3; // the browser makes a copy

let isLeaving = false; // it may turn out otherwise; what is kept longer than needed is found by the next page
addEventListener("beforeunload", () => (isLeaving = true));

export class KeptFiles {
  #user;

  constructor(user) {
    this.#user = user;
  }

  /** Whether it could be kept. If not, it is noted all the same that this browser is sending it. */
  async keep(id, file) {
    const fits = file.size <= Math.min(MOST_BYTES, (await room()) / 2);
    if (fits && (await this.#put(id, file))) return true;
    await this.#put(id, null);
    return false;
  }

  #put(id, file) {
    return quietly(async () => {
      await inStore("readwrite", (store) => store.put({ id, user: this.#user, file }));
      return true;
    }, false);
  }

  /** It has been sent. If this page is being left, the next one may be on its way without knowing that. */
  async sent(id) {
    if (!isLeaving) await this.forget(id);
  }

  async forget(id) {
    await quietly(() => inStore("readwrite", (store) => store.delete(id)));
  }

  /** Return the user's files by id, with null for a file that wasn't kept. Delete the records of other users. */
  async all() {
    const records = await quietly(() => inStore("readonly", (store) => store.getAll()), []);
    const others = records.filter(({ user }) => user !== this.#user);
    await Promise.all(others.map(({ id }) => this.forget(id)));
    return new Map(records.filter(({ user }) => user === this.#user).map(({ id, file }) => [id, file]));
  }
}

async function room() {
  const { quota = Infinity, usage = 0 } = await quietly(() => navigator.storage.estimate(), {});
  return quota - usage;
}

async function quietly(work, otherwise) {
  try {
    return await work();
  } catch (error) {
    console.debug("Nothing is kept for a reload:", error);
    return otherwise;
  }
}

/** What the request gives, once it is on disk. */
async function inStore(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
