/**
 * The page of uploads: files that are chosen, dropped or pasted get a row, are sent, and become cards. Unfinished
 * uploads continue. Without this script the form sends one file at a time.
 */

import { createAnnouncer } from "../progress/announcer.js";
import { Backoff } from "../progress/backoff.js";
import { find, findById, instantiate } from "../progress/dom.js";
import { formatSize } from "../progress/format.js";
import { statusOf } from "../progress/request.js";
import { sleep } from "./abortable.js";
import { CardGrid } from "./cards.js";
import { listenForFiles } from "./file-drop.js";
import { FileStore } from "./file-store.js";
import { offerSelection } from "./selection.js";
import { Sender, tooLargeMessage } from "./sender.js";
import { Session } from "./session.js";
import { TusClient } from "./tus.js";
import { offerUndo, showMessage } from "./undo.js";
import { UploadRow } from "./upload-row.js";

/** @import { Upload } from "./sender.js" */
/** @import { Transfer } from "./tus.js" */

const MAX_RETRY_MS = 10000;

const form = findById("upload-form", HTMLFormElement);
const fileInput = find(form, "[name=file]", HTMLInputElement);
const sameFileInput = findById("same-file", HTMLInputElement);
const { api = "", pages = "", user = "", maxBytes, maxText, freeBytes } = form.dataset;
const session = new Session(api, user);
const site = { api, session, tus: new TusClient(api, session), store: new FileStore(user) };
const list = findById("cards");
const { query = "" } = list.dataset;
const cards = new CardGrid(list, findById("empty"));
const messages = findById("undo");
const announce = createAnnouncer(findById("news"));
/** @type {Map<Sender, UploadRow>} */
const rows = new Map();
/** @type {Sender[]} the senders of all files that were added since the page was loaded */
const added = [];
/** @type {Sender | null} the sender whose file is being chosen again */
let choosing = null;

/** @param {string} id */
const cardUrl = (id) => `${pages}${id}/card/?${new URLSearchParams({ q: query })}`;

/** @param {Sender} sender */
function show(sender) {
  const row = new UploadRow(sender, findById("row", HTMLTemplateElement), announce);
  rows.set(sender, row);
  sender.addEventListener("replaced", (event) => showReplaced(/** @type {CustomEvent} */ (event).detail));
  findById("rows").append(row.element);
  findById("sending").hidden = false;
  row.element.addEventListener("finished", (event) => finish(sender, /** @type {CustomEvent} */ (event).detail));
  row.element.addEventListener("choose", () => {
    choosing = sender;
    sameFileInput.click();
  });
}

/**
 * Show an upload that turned out to have a different file. It is kept as it is, complete or not.
 *
 * @param {{ id: string, name: string, size: number, offset: number }} upload
 */
function showReplaced({ id, name, size, offset }) {
  if (offset === size) catchUp(id).catch(console.warn);
  else show(new Sender(site, { id, name, size, offset }));
}

/**
 * Replace the row by the card of the upload, if there is one.
 *
 * @param {Sender} sender
 * @param {Upload | null} upload
 */
async function finish(sender, upload) {
  const card = upload && (await loadCard(upload.id));
  if (card) announce(sender.name, "Done");
  else if (upload && query) showThatItIsFiltered(sender.name);
  const element = rows.get(sender)?.element;
  const isFocused = element?.contains(document.activeElement);
  const next = element?.nextElementSibling ?? element?.previousElementSibling;
  element?.remove();
  rows.delete(sender);
  findById("sending").hidden = rows.size === 0;
  if (!isFocused) return;
  const link = card?.querySelector("h2 a") ?? next?.querySelector("[data-do]:not([hidden])") ?? fileInput;
  /** @type {HTMLElement} */ (link).focus();
}

/**
 * Show that a file was uploaded, but isn't in the list because of its name.
 *
 * @param {string} name
 */
function showThatItIsFiltered(name) {
  const message = instantiate(findById("filtered", HTMLTemplateElement));
  find(message, "bdi").textContent = name;
  showMessage(messages, message.outerHTML);
}

/** @param {string} id */
async function loadCard(id) {
  const retries = new Backoff({ maxMs: MAX_RETRY_MS });
  for (;;) {
    try {
      return await cards.load(cardUrl(id));
    } catch {
      await sleep(retries.next());
    }
  }
}

/** @param {File[]} files */
async function addAll(files) {
  await listed; // a file may be that of an unfinished upload
  for (const file of files) {
    const sender = unfinishedSenderOf(file);
    if (sender) sender.start(file);
    else add(file);
  }
}

/** @param {File} file */
function unfinishedSenderOf(file) {
  return [...rows.keys()].find((sender) => ["needs file", "followed"].includes(sender.state) && sender.matches(file));
}

/** @param {File} file */
function add(file) {
  const { name, size } = file;
  const sender = new Sender(site, { file, name, size });
  const remainingBytes = freeBytes ? Math.max(Number(freeBytes) - addedBytes(), 0) : Infinity;
  added.push(sender);
  show(sender);
  // The server would reject these files too, but only after the request.
  if (size > Number(maxBytes)) {
    sender.reject(tooLargeMessage(maxText));
  } else if (size > remainingBytes) {
    const [needed, remaining] = [size, remainingBytes].map(formatSize);
    sender.fail(
      `There isn't enough space for this file: it needs ${needed}, and you have ${remaining} left. Delete some files first.`,
    );
  } else {
    sender.start();
  }
}

/** The bytes of files that the server hadn't received when the page was loaded. */
function addedBytes() {
  return added.filter((sender) => sender.countsTowardsQuota).reduce((sum, { size }) => sum + size, 0);
}

/** Continue the unfinished uploads: those whose file this browser has stored. The others need their file. */
async function resume() {
  const unfinished = await site.tus.unfinished();
  const files = await site.store.all();
  for (const transfer of unfinished.reverse()) {
    if (transfer.size === null) continue; // only the client that is sending it knows when it is complete
    if (added.some((sender) => sender.id === transfer.id)) continue;
    resumeTransfer({ ...transfer, size: transfer.size }, files);
    files.delete(transfer.id);
    document.getElementById(`unfinished-${transfer.id}`)?.remove();
  }
  for (const id of new Set([...listedAsUnfinishedBefore(unfinished), ...files.keys()])) {
    if (!added.some((sender) => sender.id === id)) catchUp(id, files.get(id)).catch(console.warn);
  }
  const section = document.getElementById("unfinished");
  if (section && !section.querySelector("li")) section.remove();
}

/**
 * @param {Transfer & { size: number }} transfer
 * @param {Map<string, File | null>} files
 */
function resumeTransfer({ id, name, size, offset, receiving, metadata }, files) {
  const file = files.get(id);
  const sender = new Sender(site, { id, name: metadata.filename ?? name, size, offset, isKept: Boolean(file) });
  show(sender);
  if (file) sender.start(file);
  else if (receiving && !files.has(id)) sender.follow();
}

/**
 * Return the ids of the uploads that the page lists as unfinished but that are no longer unfinished.
 *
 * @param {Transfer[]} unfinished
 */
function listedAsUnfinishedBefore(unfinished) {
  const ids = [...document.querySelectorAll("#unfinished li")].map((item) => item.id.replace("unfinished-", ""));
  return ids.filter((id) => !unfinished.some((transfer) => transfer.id === id));
}

async function resumeLater() {
  const retries = new Backoff({ maxMs: MAX_RETRY_MS });
  for (;;) {
    await sleep(retries.next());
    try {
      return await resume();
    } catch (error) {
      const status = statusOf(error);
      if (status && status < 500) return console.warn(error);
    }
  }
}

/**
 * Show an upload that is no longer unfinished. Its last bytes may have been received while this page was loaded.
 *
 * @param {string} id
 * @param {File | null} [file]
 */
async function catchUp(id, file = null) {
  document.getElementById(`unfinished-${id}`)?.remove();
  if (file && (await site.tus.exists(id))) {
    const { name, size } = file;
    const sender = new Sender(site, { id, name, size, isKept: true });
    show(sender);
    return sender.start(file); // this compares the bytes: another device may have sent a different file
  }
  if (!document.getElementById(`upload-${id}`)) await cards.load(cardUrl(id));
  return site.store.delete(id);
}

const listed = resume().catch(() => void resumeLater());

function takeChosenFiles() {
  addAll([...(fileInput.files ?? [])]);
  fileInput.value = "";
}

function takeSameFile() {
  const file = sameFileInput.files?.[0];
  sameFileInput.value = "";
  if (!file || !choosing) return;
  if (choosing.matches(file)) return choosing.start(file);
  const { name, size } = choosing;
  rows
    .get(choosing)
    ?.showNote(
      `You chose ${file.name} (${formatSize(file.size)}), which is a different file. Choose ${name} (${formatSize(size)}).`,
    );
}

fileInput.addEventListener("change", takeChosenFiles);
sameFileInput.addEventListener("change", takeSameFile);
addEventListener("beforeunload", (event) => {
  if ([...rows.keys()].some(({ isActive, isKept }) => isActive && !isKept)) event.preventDefault();
});

listenForFiles(addAll);
offerUndo(cards, messages);
offerSelection(list, cards, messages, announce);
form.classList.add("live");
fileInput.multiple = true;
if (fileInput.files?.length) takeChosenFiles(); // the user chose files while the page was loading
