/**
 * Selection of several files. The checkboxes of the cards belong to the form of the bar, so the bar works without this
 * script; its style shows it while a checkbox is checked. This script adds ranges, keys, the count, and actions without
 * a reload.
 */

import { find, findById } from "../progress/dom.js";
import { formatSize } from "../progress/format.js";
import { AttachDialog } from "./attach-dialog.js";
import { send, showMessage } from "./undo.js";

/** @import { CardGrid } from "./cards.js" */

/**
 * @param {HTMLElement} list
 * @param {CardGrid} cards
 * @param {HTMLElement} messages
 * @param {(subject: string, message: string) => void} announce
 */
export function offerSelection(list, cards, messages, announce) {
  const bar = findById("selection", HTMLFormElement);
  const dialog = new AttachDialog(findById("attach", HTMLDialogElement), showAttached);
  /** @type {Set<string>} the ids of the selected files: a card may be replaced while it is selected */
  let selected = new Set();
  /** @type {HTMLInputElement | null} the checkbox from which Shift selects a range */
  let anchor = null;

  const boxes = () => /** @type {HTMLInputElement[]} */ ([...list.querySelectorAll(".select")]);

  /**
   * Check or uncheck checkboxes.
   *
   * @param {HTMLInputElement[]} changed
   * @param {boolean} isChecked
   */
  function check(changed, isChecked) {
    for (const box of changed) box.checked = isChecked;
    update();
  }

  /** Update the bar, and announce the number of selected files if it has changed. */
  function update() {
    const all = boxes();
    const checked = all.filter((box) => box.checked);
    const isNew = checked.length !== selected.size;
    const files = checked.length === 1 ? "1 file" : `${checked.length} files`;
    selected = new Set(checked.map((box) => box.value));
    const bytes = checked.reduce((sum, box) => sum + Number(cardOf(box).dataset.size), 0);
    const max = Number(bar.dataset.max);
    const isTooMany = checked.length > max;
    find(bar, ".selected-number").textContent = String(checked.length);
    find(bar, ".selected-size").textContent = isTooMany ? `Select at most ${max}` : formatSize(bytes);
    find(bar, "[data-do=all]").hidden = checked.length === all.length;
    for (const button of bar.querySelectorAll("button:not([type=button])")) {
      /** @type {HTMLButtonElement} */ (button).disabled = isTooMany;
    }
    const isFocused = checked.length === 0 && bar.contains(document.activeElement);
    if (isFocused) find(anchor?.isConnected ? cardOf(anchor) : list, "h2 a").focus();
    if (isNew) announce("Selected", checked.length ? `${files}, ${formatSize(bytes)}` : "no files");
  }

  /** Select the cards again that have been replaced. */
  function restore() {
    for (const box of boxes()) box.checked ||= selected.has(box.value);
    update();
  }

  /** @param {MouseEvent} event */
  function onClick({ target, shiftKey }) {
    if (!(target instanceof HTMLInputElement && target.matches(".select"))) return;
    const all = boxes();
    const [from, to] = [anchor ? all.indexOf(anchor) : -1, all.indexOf(target)];
    if (shiftKey && from >= 0) check(all.slice(Math.min(from, to), Math.max(from, to) + 1), target.checked);
    anchor = target;
  }

  /** @param {KeyboardEvent} event */
  function onKeyDown(event) {
    const target = /** @type {Element} */ (event.target);
    if (event.defaultPrevented || document.querySelector(":modal, .menu[open]")) return;
    if (event.key === "Escape" && selected.size && !target.matches("[type=search]")) {
      check(boxes(), false);
    } else if (event.key === "a" && (event.ctrlKey || event.metaKey) && list.contains(target)) {
      event.preventDefault();
      check(boxes(), true);
    }
  }

  /** @param {SubmitEvent} event */
  async function onSubmit(event) {
    const { submitter } = event;
    const action = submitter?.dataset.do;
    if (!submitter || action === "download") return;
    event.preventDefault();
    if (bar.ariaBusy) return;
    bar.ariaBusy = "true";
    try {
      const fragment = await send(bar, submitter);
      if (action === "attach") dialog.open(fragment);
      else showDeleted(fragment);
    } catch {
      bar.action = submitter.getAttribute("formaction") ?? "";
      bar.submit(); // the page in the response shows the error
    } finally {
      bar.ariaBusy = null;
    }
  }

  /** @param {string} message */
  function showDeleted(message) {
    for (const box of boxes().filter((each) => each.checked)) cards.remove(cardOf(box));
    showMessage(messages, message);
    find(messages, ".undo:last-child button").focus();
    update();
  }

  /** @param {string} message */
  function showAttached(message) {
    anchor = boxes().find((box) => box.checked) ?? null;
    showMessage(messages, message);
    check(boxes(), false);
  }

  list.addEventListener("click", onClick);
  list.addEventListener("change", update);
  document.addEventListener("keydown", onKeyDown);
  bar.addEventListener("submit", onSubmit);
  find(bar, "[data-do=clear]").addEventListener("click", () => check(boxes(), false));
  find(bar, "[data-do=all]").addEventListener("click", () => check(boxes(), true));
  new MutationObserver((changes) => {
    if (changes.some(isOfCards)) restore();
  }).observe(list, { childList: true, subtree: true });
  if (boxes().some((box) => box.checked)) update(); // the browser has restored the state of the form
}

/**
 * Return whether cards were added or removed. Other changes are those of progress bars.
 *
 * @param {MutationRecord} change
 */
function isOfCards({ addedNodes, removedNodes }) {
  return [...addedNodes, ...removedNodes].some((node) => node instanceof Element && node.matches("li, article"));
}

/** @param {HTMLInputElement} box */
function cardOf(box) {
  return /** @type {HTMLElement} */ (box.closest("article"));
}
