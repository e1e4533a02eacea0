/** <latest-files>: the newest uploads. Their images are requested from the API's host with the visitor's cookies. */

import { find } from "../../progress/dom.js";
import { formatSize } from "../../progress/format.js";
import { createElement, reconcile } from "./elements.js";
import { Panel } from "./panel.js";

/** @import { Job } from "../../progress/job-watcher.js" */
/** @typedef {{ url: string, width: number, height: number }} Rendition */
/**
 * An upload as the API returns it.
 *
 * @typedef {object} Upload
 * @property {string} id
 * @property {string} name
 * @property {number} size
 * @property {string} download_url
 * @property {Rendition[]} renditions
 * @property {{ problem?: string }} metadata
 * @property {Job | null} job
 */

const MAX_FILES = 8;

class LatestFiles extends Panel {
  async load() {
    /** @type {Upload[]} */
    const uploads = (await this.connection.get("/uploads/")).slice(0, MAX_FILES);
    reconcile(find(this, "ul"), uploads, () => createElement("li"), draw);
    find(this, ".empty").hidden = uploads.length > 0;
  }
}

/**
 * Draw the card again only if it looks different, because the images would flicker.
 *
 * @param {HTMLElement} item
 * @param {Upload} upload
 */
function draw(item, upload) {
  const look = JSON.stringify([upload.renditions.length, problemOf(upload), isProcessing(upload)]);
  if (item.dataset.look === look) return;
  item.dataset.look = look;
  item.replaceChildren(createCard(upload));
}

/** @param {Upload} upload */
function createCard(upload) {
  const { name, download_url: download, renditions } = upload;
  const href = new URL("../", download).href; // its page on the site itself
  const cover = renditions.length ? createImage(name, renditions) : createTile(name);
  const state = isProcessing(upload) ? "Processing" : formatSize(upload.size);
  const card = createElement("article", { className: "file" });
  card.append(
    createElement("a", { className: "picture", href }, cover),
    createElement("h2", {}, createElement("a", { href }, name)),
  );
  if (problemOf(upload)) card.append(createElement("p", { className: "error" }, problemOf(upload)));
  card.append(createElement("p", { className: "fine" }, state));
  return card;
}

/**
 * @param {string} alt
 * @param {Rendition[]} renditions the first three are those of the first page
 */
function createImage(alt, [first, ...others]) {
  const { url: src, width, height } = first;
  const larger = others.slice(0, 2).filter((rendition) => rendition.width > width);
  const srcset = [first, ...larger].map((rendition) => `${rendition.url} ${rendition.width}w`).join(", ");
  return createElement("img", { sizes: "14rem", srcset, src, width, height, alt });
}

/** @param {string} name */
function createTile(name) {
  const extension = name.match(/\.(\w{1,4})$/)?.[1].toUpperCase() ?? "File";
  const tile = document.createDocumentFragment();
  tile.append(
    createElement("span", { className: "no-picture", ariaHidden: "true" }, extension),
    createElement("span", { className: "visually-hidden" }, name),
  );
  return tile;
}

/** @param {Upload} upload */
function problemOf({ metadata, job }) {
  return metadata.problem ?? (job?.state === "failed" ? (job.error?.message ?? "") : "");
}

/** @param {Upload} upload */
function isProcessing({ job }) {
  return job?.state === "queued" || job?.state === "running";
}

customElements.define("latest-files", LatestFiles);
