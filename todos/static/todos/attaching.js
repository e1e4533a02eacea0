/**
 * Files that are dropped on a to-do, or pasted while it has the focus. The modules that send them are loaded with the
 * first file, since most visits attach none.
 */

import { createAnnouncer } from "../progress/announcer.js";
import { listenForFiles } from "../uploads/file-drop.js";
import { RequestError, showError } from "./changes.js";
import { pathOf } from "./rows.js";

/** @import { AttachmentSender } from "./attachment-sender.js" */

/**
 * @param {HTMLElement} app
 * @param {HTMLElement} news the live region for messages
 */
export function enableAttaching(app, news) {
  const announce = createAnnouncer(news);
  /** @type {Promise<AttachmentSender> | undefined} */
  let loading;

  async function loadSender() {
    const { AttachmentSender } = await import("./attachment-sender.js");
    return new AttachmentSender(app.dataset, announce);
  }

  /**
   * @param {File[]} files
   * @param {string} rowId
   * @param {string} path
   */
  async function attach(files, rowId, path) {
    const sender = await (loading ??= loadSender()).catch(() => null);
    if (sender) return files.forEach((file) => sender.send(file, rowId, path));
    loading = undefined;
    return showError(new RequestError(undefined), rowId, () => attach(files, rowId, path));
  }

  listenForFiles((files, target) => {
    const row = target instanceof Element && target.closest(".todo-list > li");
    if (row) attach(files, row.id, pathOf(row, "attach"));
    else if (files.length) announce("Files", "Drop them on a to-do to attach them");
  });
}
