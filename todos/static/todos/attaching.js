/**
 * Files that are dropped on a to-do, or pasted while the focus is in it: they are sent as the page of uploads sends
 * them, with their bars in the row, and attached as soon as they are there.
 */

import { announcer } from "../uploads/announcer.js";
import { listen } from "../uploads/incoming.js";
import { Row } from "../uploads/row.js";
import { Sender } from "../uploads/sender.js";
import { Session } from "../uploads/session.js";
import { Tus } from "../uploads/tus.js";
import { change } from "./changes.js";

const NOT_KEPT = { keep: async () => false, sent: async () => {}, forget: async () => {} }; // after a reload, nobody would attach them

export function letAttach(app, news) {
  const { api, user, maxBytes, maxText } = app.dataset;
  const session = new Session(api, user);
  const site = { api, session, tus: new Tus(api, session), kept: NOT_KEPT };
  const announce = announcer(news);
  const senders = new Set();

  function send(file, place) {
    const { name, size } = file;
    const sender = new Sender(site, { file, name, size });
    const row = new Row(sender, document.getElementById("row"), announce);
    senders.add(sender);
    place.append(row.element);
    sender.addEventListener("change", () => {
      if (sender.state === "sent") attach(sender, place);
    });
    row.element.addEventListener("over", ({ detail: upload }) => {
      senders.delete(sender);
      row.element.remove();
      if (upload) announce(name, "Attached");
    });
    if (size > Number(maxBytes)) sender.refuse(`The file is too large: at most ${maxText} are taken.`);
    else sender.start();
  }

  const attach = ({ upload }, place) => change(place.dataset.action, { upload: upload.id }, place.closest("li").id);

  listen((files, target) => {
    const place = target.closest?.(".todo-list > li")?.querySelector(".sending");
    if (place) files.forEach((file) => send(file, place));
    else if (files.length) announce("Files", "Drop them on a to-do, to attach them to it");
  });
  addEventListener("beforeunload", (event) => {
    if ([...senders].some(({ isActive }) => isActive)) event.preventDefault();
  });
}
