/** What every page has: menus that close when the user leaves them, and fields that can show a password. */

/** @param {Event} event */
function closeMenus({ target }) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!(target instanceof Node && menu.contains(target))) menu.removeAttribute("open");
  }
}

/** @param {KeyboardEvent} event */
function closeMenuByKey(event) {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.removeAttribute("open");
  menu.querySelector("summary")?.focus();
}

/** @param {HTMLButtonElement} button */
function offerToShowPassword(button) {
  const field = /** @type {HTMLInputElement} */ (document.getElementById(button.getAttribute("aria-controls") ?? ""));
  button.hidden = false;
  button.addEventListener("click", () => {
    const isShown = field.type === "text";
    field.type = isShown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!isShown));
  });
}

/**
 * Load the list when the user goes back. This page was reloaded while a dialog over the list showed it (see
 * dialog-history.js), so the browser would change only the URL.
 *
 * @param {Event} event
 */
function loadList(event) {
  event.stopImmediatePropagation();
  location.reload();
}

if (history.state?.dialog) addEventListener("popstate", loadList, { capture: true });
addEventListener("click", closeMenus);
addEventListener("focusin", closeMenus);
addEventListener("keydown", closeMenuByKey);
for (const button of document.querySelectorAll(".show-password")) {
  offerToShowPassword(/** @type {HTMLButtonElement} */ (button));
}
