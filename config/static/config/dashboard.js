/**
 * The dashboard: a static page on an origin of its own that renders on the client what the API of another origin
 * says, with the visitor's cookies. The counterpart of the server-rendered pages.
 */

const api = document.documentElement.dataset.api;
const who = document.getElementById("who");
const list = document.getElementById("uploads");

async function get(path) {
  const response = await fetch(api + path, { credentials: "include" });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

/** An element with properties and children: `element("a", { href }, "text")`. */
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function card(upload) {
  const page = `${api}/uploads/${upload.id}/`;
  const picture = upload.renditions[0];
  const made = element("article", { className: "card" });
  if (picture) {
    const { url: src, width, height } = picture;
    made.append(element("a", { className: "picture", href: page }, element("img", { src, width, height, alt: upload.name })));
  } else {
    made.append(element("a", { className: "picture", href: page, ariaLabel: upload.name }, element("span", { className: "no-picture" }, upload.content_type)));
  }
  made.append(element("h2", {}, element("a", { href: page }, upload.name)));
  if (upload.job && upload.job.state !== "succeeded") {
    const bar = element("progress-bar");
    bar.setAttribute("src", upload.job.url);
    bar.addEventListener("succeeded", async () => made.replaceWith(card(await get(`/api/uploads/${upload.id}/`))));
    made.append(bar);
  } else if (upload.metadata.problem) {
    made.append(element("p", { className: "error" }, upload.metadata.problem));
  }
  return made;
}

async function start() {
  try {
    const { user } = await get("/api/session/");
    if (!user) {
      who.replaceChildren("You are not logged in. ", element("a", { href: `${api}/accounts/login/` }, "Log in"), ", then come back and reload this page.");
      return;
    }
    const uploads = await get("/api/uploads/");
    who.textContent = uploads.length ? `Logged in as ${user.username}. Your latest files:` : `Logged in as ${user.username}. You have no files yet.`;
    list.replaceChildren(...uploads.map((upload) => element("li", {}, card(upload))));
  } catch (error) {
    who.textContent = `The API at ${api} can't be reached, or doesn't allow this page's origin. (${error.message})`;
  }
}

start();
