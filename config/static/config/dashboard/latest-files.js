/** <latest-files>: the newest uploads, with their pictures, which come from the API's host by the visitor's cookies. */

import { formatSize as size } from "../../progress/format.js";
import { element, reconcile } from "./elements.js";
import { Panel } from "./panel.js";

const MOST = 8;

class LatestFiles extends Panel {
  async load() {
    const uploads = (await this.connection.get("/uploads/")).slice(0, MOST);
    reconcile(this.querySelector("ul"), uploads, () => element("li"), draw);
    this.querySelector(".empty").hidden = uploads.length > 0;
  }
}

/** Anew only if it looks different, since pictures would flicker. */
function draw(item, upload) {
  const look = JSON.stringify([upload.renditions.length, problem(upload), isBusy(upload)]);
  if (item.dataset.look === look) return;
  item.dataset.look = look;
  item.replaceChildren(card(upload));
}

function card(upload) {
  const { name, download_url: download, renditions } = upload;
  const href = new URL("../", download).href; // its page on the site itself
  const cover = renditions.length ? picture(name, renditions) : tile(name);
  const state = isBusy(upload) ? "Being processed" : size(upload.size);
  const made = element("article", { className: "card" });
  made.append(element("a", { className: "picture", href }, cover), element("h2", {}, element("a", { href }, name)));
  if (problem(upload)) made.append(element("p", { className: "error" }, problem(upload)));
  made.append(element("p", { className: "fine" }, state));
  return made;
}

/** The first three are those of the first page. */
function picture(alt, [first, ...others]) {
  const { url: src, width, height } = first;
  const larger = others.slice(0, 2).filter((other) => other.width > width);
  const srcset = [first, ...larger].map(({ url, width }) => `${url} ${width}w`).join(", ");
  return element("img", { sizes: "14rem", srcset, src, width, height, alt });
}

function tile(name) {
  const kind = name.match(/\.(\w{1,4})$/)?.[1].toUpperCase() ?? "File";
  const sign = element("span", { className: "no-picture", ariaHidden: "true" }, kind);
  const fragment = document.createDocumentFragment();
  fragment.append(sign, element("span", { className: "visually-hidden" }, name));
  return fragment;
}

function problem({ metadata, job }) {
  return metadata.problem ?? (job?.state === "failed" ? job.error.message : "");
}

function isBusy({ job }) {
  return ["queued", "running"].includes(job?.state);
}

customElements.define("latest-files", LatestFiles);
