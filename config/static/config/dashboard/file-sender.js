/**
 * <file-sender>: files that are chosen, pasted, or dropped anywhere on the page are sent to the API by tus. The modules
 * are those of the site's own page of uploads; besides CORS, only cookies and a CSRF token are needed.
 */

import { find } from "../../progress/dom.js";
import { createAnnouncer } from "../../progress/announcer.js";
import { listenForFiles } from "../../uploads/file-drop.js";
import { FileStore } from "../../uploads/file-store.js";
import { Sender } from "../../uploads/sender.js";
import { TusClient } from "../../uploads/tus.js";
import { UploadRow } from "../../uploads/upload-row.js";
import { Panel } from "./panel.js";

/** @import { Connection } from "./connection.js" */

/** @typedef {ReturnType<typeof createSite>} Site */

export class FileSender extends Panel {
  /** @type {Site | null} null until a user is logged in */
  #site = null;
  #isResumed = false;
  /** @type {(subject: string, message: string) => void} */
  #announce = () => {};
  /** @type {Set<Sender>} */
  #senders = new Set();

  /** @param {Connection} connection */
  start(connection) {
    super.start(connection);
    this.#announce = createAnnouncer(find(this, ".news"));
    const input = this.#input;
    input.addEventListener("change", () => {
      this.#sendAll([...(input.files ?? [])]);
      input.value = "";
    });
    listenForFiles((files) => this.#sendAll(files));
    addEventListener("beforeunload", (event) => {
      if ([...this.#senders].some(({ isActive, isKept }) => isActive && !isKept)) event.preventDefault();
    });
  }

  /** The ids of the jobs that have a bar here. */
  get jobIds() {
    return new Set([...this.#senders].map(({ upload }) => upload?.job?.id));
  }

  async load() {
    this.#site ??= createSite(this.connection);
    if (!this.#isResumed) await this.#resume(this.#site);
  }

  get #input() {
    return find(this, "[type=file]", HTMLInputElement);
  }

  /**
   * Continue the uploads that this page was sending when it was left.
   *
   * @param {Site} site
   */
  async #resume(site) {
    const unfinished = new Map((await site.tus.unfinished()).map((transfer) => [transfer.id, transfer]));
    const sendingIds = new Set([...this.#senders].map(({ id }) => id));
    for (const [id, file] of await site.store.all()) {
      if (sendingIds.has(id)) continue;
      const offset = unfinished.get(id)?.offset ?? 0;
      if (file && (await site.tus.exists(id))) this.#send(site, file, { id, offset, isKept: true });
      else if (!unfinished.has(id)) site.store.delete(id);
    }
    this.#isResumed = true;
  }

  /** @param {File[]} files */
  #sendAll(files) {
    const site = this.#site;
    if (site) files.forEach((file) => this.#send(site, file));
  }

  /**
   * @param {Site} site
   * @param {File} file
   * @param {{ id?: string, offset?: number, isKept?: boolean }} existing
   */
  #send(site, file, existing = {}) {
    const { name, size } = file;
    const sender = new Sender(site, { file, name, size, ...existing });
    const { element } = new UploadRow(sender, find(this, "template", HTMLTemplateElement), this.#announce);
    this.#senders.add(sender);
    find(this, "ul").append(element);
    sender.addEventListener("change", () => {
      if (sender.state === "sent") this.#dispatchChanged(); // its job has its bar here
    });
    element.addEventListener("finished", () => this.#finish(sender, element));
    sender.start();
  }

  /**
   * @param {Sender} sender
   * @param {HTMLElement} row
   */
  #finish(sender, row) {
    this.#senders.delete(sender);
    if (row.contains(document.activeElement)) this.#input.focus();
    row.remove();
    if (sender.upload) this.#announce(sender.name, "Done");
    this.#dispatchChanged();
  }

  #dispatchChanged() {
    this.dispatchEvent(new Event("changed", { bubbles: true }));
  }
}

/**
 * Return what all senders share.
 *
 * @param {Connection} connection
 */
function createSite({ api, session, username }) {
  return { api, session, tus: new TusClient(api, session), store: new FileStore(username) };
}

customElements.define("file-sender", FileSender);
