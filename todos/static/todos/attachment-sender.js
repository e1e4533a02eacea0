/**
 * Files that are sent to be attached to to-dos. They are sent as on the page of uploads, with their bars in the row, and
 * are attached as soon as they are sent.
 */

import { findById } from "../progress/dom.js";
import { Sender, tooLargeMessage } from "../uploads/sender.js";
import { Session } from "../uploads/session.js";
import { TusClient } from "../uploads/tus.js";
import { UploadRow } from "../uploads/upload-row.js";
import { sendChange } from "./changes.js";

/** @import { Store } from "../uploads/sender.js" */

/** @type {Store} nothing is kept for a reload, because the file would not be attached after it */
const NO_STORE = { keep: async () => false, delete: async () => {}, deleteSent: async () => {} };

export class AttachmentSender {
  /** @type {Set<Sender>} */
  #senders = new Set();
  /** @type {Map<string, HTMLElement>} by the id of a row, the element in it that contains the bars of its files */
  #containers = new Map();
  #site;
  #limits;
  #announce;

  /**
   * @param {DOMStringMap} data the data attributes of the list
   * @param {(subject: string, message: string) => void} announce
   */
  constructor({ api = "", user = "", maxBytes, maxText }, announce) {
    const session = new Session(api, user);
    this.#site = { api, session, tus: new TusClient(api, session), store: NO_STORE };
    this.#limits = { maxBytes: Number(maxBytes), maxText };
    this.#announce = announce;
    document.addEventListener("htmx:load", () => this.#restoreBars());
    document.addEventListener("rowsinserted", () => this.#restoreBars());
    addEventListener("beforeunload", (event) => {
      if ([...this.#senders].some(({ isActive }) => isActive)) event.preventDefault();
    });
  }

  /**
   * Send a file and attach it to the to-do of a row. Updates may replace the row meanwhile, and filters hide it.
   *
   * @param {File} file
   * @param {string} rowId
   * @param {string} path the path to which the id of the upload is sent
   */
  send(file, rowId, path) {
    const { name, size } = file;
    const sender = new Sender(this.#site, { file, name, size });
    const { element } = new UploadRow(sender, findById("row", HTMLTemplateElement), this.#announce);
    this.#senders.add(sender);
    this.#containerOf(rowId).append(element);
    sender.addEventListener("change", () => {
      const { state, upload } = sender;
      if (state === "sent" && upload) sendChange(path, { upload: upload.id }, rowId);
    });
    element.addEventListener("finished", () => {
      this.#senders.delete(sender);
      element.remove();
      if (sender.upload) this.#announce(name, "Attached");
    });
    const { maxBytes, maxText } = this.#limits;
    if (size <= maxBytes) sender.start();
    else sender.reject(tooLargeMessage(maxText));
  }

  /** @param {string} rowId */
  #containerOf(rowId) {
    const container = this.#containers.get(rowId) ?? document.createElement("div");
    container.className = "sending";
    if (!container.isConnected) document.getElementById(rowId)?.append(container);
    this.#containers.set(rowId, container);
    return container;
  }

  /** Put the bars into new rows: rows are replaced, and are missing while a filter or a search hides them. */
  #restoreBars() {
    for (const [rowId, container] of this.#containers) {
      const row = document.getElementById(rowId);
      if (!container.firstElementChild) this.#containers.delete(rowId);
      else if (row && !row.contains(container)) row.append(container);
    }
  }
}
