/**
 * Deleting without a reload: the card vanishes, and a message offers to undo it, which brings the card back to its
 * place. The forms are the same that a page without this script sends; if a request fails, so are they.
 */

const MOST = 3; // messages at the same time

/** `messages` is the live region that the messages go to. */
export function offerUndo(cards, messages) {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const act = form.matches(".card .delete") ? remove : messages.contains(form) ? restore : null;
    if (!act || form.ariaBusy) return;
    event.preventDefault();
    form.ariaBusy = "true";
    try {
      act(form, await send(form));
    } catch {
      form.submit(); // the page that answers says what is wrong
    }
  });

  function remove(form, html) {
    const message = element(html);
    cards.remove(form.closest(".card"));
    messages.append(message);
    while (messages.children.length > MOST) messages.firstElementChild.remove();
    message.querySelector("button").focus();
  }

  function restore(form, html) {
    const message = form.closest(".undo");
    const card = cards.insert(html);
    card.querySelector("h2 a").focus();
    message.remove();
  }
}

async function send(form) {
  const headers = { "X-Requested-With": "fetch" }; // it asks for the part of the page that changes
  const response = await fetch(form.action, { method: "POST", body: new FormData(form), headers });
  if (!response.ok || response.redirected) throw new Error(`${form.action} answered ${response.status}`);
  return response.text();
}

function element(html) {
  return new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
}
