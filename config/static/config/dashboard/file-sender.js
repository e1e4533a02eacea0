/**
 * <file-sender>: files that are chosen, pasted, or dropped anywhere on the page, on their way to the API by tus. The same
 * modules do it as on the site's own page of uploads; cookies, a token and CORS are all that is needed for that.
 */

import { createAnnouncer as announcer } from "../../uploads/announcer.js";
import { listenForFiles as listen } from "../../uploads/file-drop.js";
import { FileStore } from "../../uploads/file-store.js";
import { UploadRow as Row } from "../../uploads/upload-row.js";
import { Sender } from "../../uploads/sender.js";
import { TusClient as Tus } from "../../uploads/tus.js";
import { Panel } from "./panel.js";

class FileSender extends Panel {
  #site = null; // what all senders share; there is none before somebody is logged in
  #wentOn = false;
  #announce;
  #senders = new Set();

  start(connection) {
    super.start(connection);
    this.#announce = announcer(this.querySelector(".news"));
    const input = this.querySelector("[type=file]");
    input.addEventListener("change", () => {
      this.#take([...input.files]);
      input.value = "";
    });
    listen((files) => this.#take(files));
    addEventListener("beforeunload", (event) => {
      if ([...this.#senders].some(({ isActive, isKept }) => isActive && !isKept)) event.preventDefault();
    });
  }

  /** The ids of the jobs that have a bar here. */
  get jobs() {
    return new Set([...this.#senders].map(({ upload }) => upload?.job?.id));
  }

  async load() {
    const { api, session, user } = this.connection;
    this.#site ??= { api, session, tus: new Tus(api, session), store: new FileStore(user) };
    if (!this.#wentOn) await this.#goOn();
  }

  /** What this page sent when it was left goes on by itself. */
  async #goOn() {
    const unfinished = new Map((await this.#site.tus.unfinished()).map((transfer) => [transfer.id, transfer]));
    const underWay = new Set([...this.#senders].map(({ id }) => id));
    for (const [id, file] of await this.#site.store.all()) {
      if (underWay.has(id)) continue;
      const offset = unfinished.get(id)?.offset ?? 0;
      if (file && (await this.#site.tus.exists(id))) this.#send(file, { id, offset, isKept: true });
      else if (!unfinished.has(id)) this.#site.store.delete(id);
    }
    this.#wentOn = true;
  }

  #take(files) {
    if (this.#site) files.forEach((file) => this.#send(file));
  }

  #send(file, more = {}) {
    const { name, size } = file;
    const sender = new Sender(this.#site, { file, name, size, ...more });
    const { element } = new Row(sender, this.querySelector("template"), this.#announce);
    this.#senders.add(sender);
    this.querySelector("ul").append(element);
    sender.addEventListener("change", () => sender.state === "sent" && this.#tellOthers()); // whose bar this is now
    element.addEventListener("finished", ({ detail: upload }) => this.#over(sender, element, upload));
    sender.start();
  }

  #over(sender, row, upload) {
    this.#senders.delete(sender);
    if (row.contains(document.activeElement)) this.querySelector("[type=file]").focus();
    row.remove();
    if (upload) this.#announce(sender.name, "Done");
    this.#tellOthers();
  }

  #tellOthers() {
    this.dispatchEvent(new Event("changed", { bubbles: true }));
  }
}

customElements.define("file-sender", FileSender);
