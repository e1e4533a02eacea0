/**
 * Files that are dropped on a to-do, or pasted while the focus is in it: they are sent as the page of uploads sends
 * them, with their bars in the row, and attached as soon as they are there.
 */

import { createAnnouncer as announcer } from "../uploads/announcer.js";
import { listenForFiles as listen } from "../uploads/file-drop.js";
import { UploadRow as Row } from "../uploads/upload-row.js";
import { Sender } from "../uploads/sender.js";
import { Session } from "../uploads/session.js";
import { TusClient as Tus } from "../uploads/tus.js";
import { change } from "./changes.js";

const NOT_KEPT = { keep: async () => false, deleteSent: async () => {}, delete: async () => {} }; // after a reload, nobody would attach them

export function letAttach(app, news) {
  const { api, user, maxBytes, maxText } = app.dataset;
  const session = new Session(api, user);
  const site = { api, session, tus: new Tus(api, session), store: NOT_KEPT };
  const announce = announcer(news);
  const senders = new Set();
  const places = new Map(); // id of a row → the element in it that contains the bars of its files

  function send(file, rowId, place) {
    const { name, size } = file;
    const sender = new Sender(site, { file, name, size });
    const row = new Row(sender, document.getElementById("row"), announce);
    senders.add(sender);
    places.set(rowId, place);
    place.append(row.element);
    sender.addEventListener("change", () => {
      if (sender.state === "sent") attach(sender, rowId, place);
    });
    row.element.addEventListener("finished", ({ detail: upload }) => {
      senders.delete(sender);
      row.element.remove();
      if (upload) announce(name, "Attached");
    });
    if (size > Number(maxBytes)) {
      sender.reject(`This file is larger than ${maxText}, the limit on this server. Choose a smaller file.`);
    } else sender.start();
  }

  const attach = ({ upload }, rowId, { dataset }) => change(dataset.action, { upload: upload.id }, rowId);

  /** Put the bars into rows that are new: rows are replaced, and are missing while a filter or a search hides them. */
  function restoreBars() {
    for (const [rowId, place] of places) {
      const empty = document.getElementById(rowId)?.querySelector(".sending");
      if (!place.firstElementChild) places.delete(rowId);
      else if (empty && empty !== place) {
        place.id = empty.id; // that of a row which is being removed has no id any more
        empty.replaceWith(place);
      }
    }
  }

  document.addEventListener("htmx:load", restoreBars);
  document.addEventListener("rows", restoreBars);
  listen((files, target) => {
    const row = target.closest?.(".todo-list > li");
    if (row) files.forEach((file) => send(file, row.id, row.querySelector(".sending")));
    else if (files.length) announce("Files", "Drop them on a to-do, to attach them to it");
  });
  addEventListener("beforeunload", (event) => {
    if ([...senders].some(({ isActive }) => isActive)) event.preventDefault();
  });
}
