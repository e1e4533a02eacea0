/** Links to files in the list open the viewer, which is loaded when it is needed. If it fails, the page is loaded. */

import { DialogHistory, isPlainClick } from "../progress/dialog-history.js";
import { findById } from "../progress/dom.js";

/** @import { Viewer } from "./viewer-dialog.js" */

const LINKS = "#cards :is(a.picture, h2 a)";

/** @type {Viewer | undefined} */
let viewer;
const dialog = findById("viewer", HTMLDialogElement);
const dialogHistory = new DialogHistory(dialog, { onClose: () => viewer?.onClose(), onForward: open });

/** @param {string} url */
async function open(url) {
  try {
    const { Viewer } = await import("./viewer-dialog.js");
    viewer ??= new Viewer(dialog, dialogHistory);
    viewer.open(url);
  } catch {
    location.assign(url);
  }
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest(LINKS);
  if (!(link instanceof HTMLAnchorElement) || !isPlainClick(event)) return;
  event.preventDefault();
  open(link.href);
});
