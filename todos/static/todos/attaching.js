/**
 * Files that are dropped on a to-do, or pasted while it has the focus. They are sent as on the page of uploads, with
 * their bars in the row, and are attached as soon as they are sent.
 */

import { findById } from "../progress/dom.js";
import { createAnnouncer } from "../progress/announcer.js";
import { listenForFiles } from "../uploads/file-drop.js";
import { Sender, tooLargeMessage } from "../uploads/sender.js";
import { Session } from "../uploads/session.js";
import { TusClient } from "../uploads/tus.js";
import { UploadRow } from "../uploads/upload-row.js";
import { sendChange } from "./changes.js";
import { pathOf } from "./rows.js";

/** @import { Store } from "../uploads/sender.js" */

/** @type {Store} nothing is kept for a reload, because the file would not be attached after it */
const NO_STORE = { keep: async () => false, delete: async () => {}, deleteSent: async () => {} };

/**
 * @param {HTMLElement} app
 * @param {HTMLElement} news the live region for messages
 */
export function enableAttaching(app, news) {
  const { api = "", user = "", maxBytes, maxText } = app.dataset;
  const session = new Session(api, user);
  const site = { api, session, tus: new TusClient(api, session), store: NO_STORE };
  const announce = createAnnouncer(news);
  /** @type {Set<Sender>} */
  const senders = new Set();
  /** @type {Map<string, HTMLElement>} by the id of a row, the element in it that contains the bars of its files */
  const containers = new Map();

  /**
   * @param {File} file
   * @param {Element} row
   */
  function send(file, row) {
    const { name, size } = file;
    const rowId = row.id; // not the row, because an update may replace it
    const path = pathOf(row, "attach");
    const container = containers.get(rowId) ?? createContainer(row);
    const sender = new Sender(site, { file, name, size });
    const { element } = new UploadRow(sender, findById("row", HTMLTemplateElement), announce);
    senders.add(sender);
    container.append(element);
    sender.addEventListener("change", () => {
      const { state, upload } = sender;
      if (state === "sent" && upload) sendChange(path, { upload: upload.id }, rowId);
    });
    element.addEventListener("finished", () => {
      senders.delete(sender);
      element.remove();
      if (sender.upload) announce(name, "Attached");
    });
    if (size <= Number(maxBytes)) sender.start();
    else sender.reject(tooLargeMessage(maxText));
  }

  /** @param {Element} row */
  function createContainer(row) {
    const container = Object.assign(document.createElement("div"), { className: "sending" });
    row.append(container);
    containers.set(row.id, container);
    return container;
  }

  /** Put the bars into new rows: rows are replaced, and are missing while a filter or a search hides them. */
  function restoreBars() {
    for (const [rowId, container] of containers) {
      const row = document.getElementById(rowId);
      if (!container.firstElementChild) containers.delete(rowId);
      else if (row && !row.contains(container)) row.append(container);
    }
  }

  document.addEventListener("htmx:load", restoreBars);
  document.addEventListener("rowsinserted", restoreBars);
  listenForFiles((files, target) => {
    const row = target instanceof Element && target.closest(".todo-list > li");
    if (row) files.forEach((file) => send(file, row));
    else if (files.length) announce("Files", "Drop them on a to-do to attach them");
  });
  addEventListener("beforeunload", (event) => {
    if ([...senders].some(({ isActive }) => isActive)) event.preventDefault();
  });
}
