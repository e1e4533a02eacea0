/** A button in each block of code that copies its text. Browsers allow it on secure origins only. */

import { find, findById, instantiate } from "../progress/dom.js";

const CONFIRMED_MS = 2000;

/** @param {HTMLPreElement} block */
function addButton(block) {
  const text = block.innerText;
  const button = instantiate(findById("copy-button", HTMLTemplateElement));
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    showCopied(button, true);
    setTimeout(() => showCopied(button, false), CONFIRMED_MS);
  });
  block.append(button);
}

/**
 * @param {HTMLElement} button
 * @param {boolean} isCopied
 */
function showCopied(button, isCopied) {
  button.classList.toggle("copied", isCopied);
  find(button, "[role=status]").textContent = isCopied ? "Copied" : "";
}

if (navigator.clipboard) for (const block of document.querySelectorAll("pre")) addButton(block);
