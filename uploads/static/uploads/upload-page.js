/**
 * The page of uploads: files that are chosen, dropped or pasted get a row, are sent, and become cards; unfinished ones
 * go on. Without this script the form sends one file at a time.
 */

import { formatSize as inWords } from "../progress/format.js";
import { announcer } from "./announcer.js";
import { Cards } from "./cards.js";
import { listen } from "./incoming.js";
import { KeptFiles } from "./kept-files.js";
import { Row } from "./row.js";
import { Sender } from "./sender.js";
import { Session } from "./session.js";
import { Tus } from "./tus.js";
import { offerUndo } from "./undo.js";
import { Patience } from "./waiting.js";

const byId = (id) => document.getElementById(id);

const form = byId("upload-form");
const { api, pages, user, maxBytes, maxText, room } = form.dataset;
const session = new Session(api, user);
const site = { api, session, tus: new Tus(api, session), kept: new KeptFiles(user) };
const cards = new Cards(byId("cards"), byId("empty"));
const announce = announcer(byId("news"));
const rows = new Map(); // sender → row
const added = []; // the senders of all files that were given since the page was loaded
const cardUrl = (id) => `${pages}${id}/card/`;
let wanted = null; // the row whose file is being chosen

function show(sender) {
  const row = new Row(sender, byId("row"), announce);
  rows.set(sender, row);
  sender.addEventListener("left", ({ detail }) => leave(detail));
  byId("rows").append(row.element);
  byId("sending").hidden = false;
  row.element.addEventListener("over", ({ detail: upload }) => finish(sender, upload));
  row.element.addEventListener("choose", () => {
    wanted = sender;
    byId("same-file").click();
  });
}

/** The file is not the one that was begun, which stays as it is, complete or not. */
function leave({ id, name, size, offset }) {
  if (offset === size) catchUp(id).catch(console.warn);
  else show(new Sender(site, { id, name, size, offset }));
}

/** The row goes; where there is an upload, its card comes. */
async function finish(sender, upload) {
  const patience = new Patience();
  let card = null;
  for (;;) {
    try {
      if (upload) card = await cards.show(cardUrl(upload.id));
      break;
    } catch {
      await patience.wait();
    }
  }
  if (card) announce(sender.name, "Done");
  const { element } = rows.get(sender);
  const focused = element.contains(document.activeElement);
  const next = element.nextElementSibling ?? element.previousElementSibling;
  element.remove();
  rows.delete(sender);
  byId("sending").hidden = rows.size === 0;
  if (focused) {
    (card?.querySelector("h2 a") ?? next?.querySelector("[data-do]:not([hidden])") ?? form.elements.file).focus();
  }
}

async function take(files) {
  await listed; // one of them may be unfinished
  for (const file of files) {
    const waiting = waitingFor(file);
    if (waiting) waiting.start(file);
    else add(file);
  }
}

function waitingFor(file) {
  return [...rows.keys()].find((sender) => ["needs file", "followed"].includes(sender.state) && sender.isFor(file));
}

function add(file) {
  const { name, size } = file;
  const sender = new Sender(site, { file, name, size });
  const left = room === "" ? Infinity : Math.max(Number(room) - bytesAdded(), 0);
  added.push(sender);
  show(sender);
  // What the server would say, said before anything is sent.
  if (size > Number(maxBytes)) sender.refuse(`The file is too large: at most ${maxText} are taken.`);
  else if (size > left) {
    sender.fail(
      `There is no room for it: it has ${inWords(size)}, and ${inWords(left)} are left. Delete some files first.`,
    );
  } else sender.start();
}

/** They take room that the server did not know of when it said how much there is. */
function bytesAdded() {
  return added.filter(({ takesRoom }) => takesRoom).reduce((sum, { size }) => sum + size, 0);
}

/** Files that are unfinished on the server: those that this browser has kept go on, the others wait for their file. */
async function goOn() {
  const unfinished = await site.tus.unfinished();
  const kept = await site.kept.all();
  for (const { id, name, size, offset, receiving, metadata } of unfinished.reverse()) {
    if (size === null) continue; // only the program that sends it knows when it is complete
    if (added.some((sender) => sender.id === id)) continue;
    const file = kept.get(id);
    const sender = new Sender(site, { id, name: metadata.filename ?? name, size, offset, kept: Boolean(file) });
    show(sender);
    if (file) sender.start(file);
    else if (receiving && !kept.has(id)) sender.follow();
    kept.delete(id);
    byId(`unfinished-${id}`)?.remove();
  }
  for (const id of new Set([...endedSince(unfinished), ...kept.keys()])) {
    if (!added.some((sender) => sender.id === id)) catchUp(id, kept.get(id)).catch(console.warn);
  }
  const section = byId("unfinished");
  if (section && !section.querySelector("li")) section.remove();
}

/** The ids of those that the page has listed as unfinished, and that are not any more. */
function endedSince(unfinished) {
  const listed = [...document.querySelectorAll("#unfinished li")].map((item) => item.id.replace("unfinished-", ""));
  return listed.filter((id) => !unfinished.some((transfer) => transfer.id === id));
}

async function goOnLater() {
  const patience = new Patience();
  for (;;) {
    await patience.wait();
    try {
      return await goOn();
    } catch (error) {
      if (error.status && error.status < 500) return console.warn(error);
    }
  }
}

/** What is not unfinished any more: it may have been finished while this page was loaded, by its last bytes. */
async function catchUp(id, file = null) {
  byId(`unfinished-${id}`)?.remove();
  if (file && (await site.tus.knows(id))) {
    const { name, size } = file;
    const sender = new Sender(site, { id, name, size, kept: true });
    show(sender);
    return sender.start(file); // which compares it: another device may have completed it with another file
  }
  if (!byId(`upload-${id}`)) await cards.show(cardUrl(id));
  await site.kept.forget(id);
}

const listed = goOn().catch(() => void goOnLater());

form.elements.file.addEventListener("change", ({ target }) => {
  take([...target.files]);
  target.value = "";
});
byId("same-file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  target.value = "";
  const { name, size } = wanted;
  if (wanted.isFor(file)) return wanted.start(file);
  const row = rows.get(wanted);
  row?.note(
    `That is another file, ${file.name} with ${inWords(file.size)}. Choose ${name} with ${inWords(size)}, as it was.`,
  );
});
addEventListener("beforeunload", (event) => {
  if ([...rows.keys()].some(({ isActive, kept }) => isActive && !kept)) event.preventDefault();
});

listen(take);
offerUndo(cards, byId("undo"));
form.classList.add("live");
form.elements.file.multiple = true;
if (form.elements.file.files.length) form.elements.file.dispatchEvent(new Event("change")); // chosen while this was loaded
