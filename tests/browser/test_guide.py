"""The example of the guide that needs a library. guide.py follows the other examples."""

import shutil

from playwright.sync_api import expect

from tests.browser.conftest import sign_up
from tests.paths import ROOT

LIBRARY = ROOT / "tests/node/node_modules/tus-js-client/dist/tus.min.js"
READ_SESSION = """async (api) => {
  const answer = await fetch(`${api}/session/`, { credentials: "include" });
  return (await answer.json()).csrf_token;
}"""
RUN = """([snippet, token]) => new Function("file", "token", snippet)(new File(["Hello"], "hello.txt"), token)"""


def test_guide_shows_how_to_use_tus_js_client(page, sqlite_site):
    sign_up(page, sqlite_site, "tus-user")
    page.goto(f"{sqlite_site.dashboard_url}/guide/")
    snippet = page.locator("code.language-javascript").inner_text()
    public = sqlite_site.state_dir / "public"
    shutil.copy(LIBRARY, public / "tus.js")
    (public / "tus.html").write_text('<!doctype html><title>tus</title><script src="tus.js"></script>')
    page.goto(f"{sqlite_site.dashboard_url}/tus.html")
    token = page.evaluate(READ_SESSION, f"{sqlite_site.url}/api")
    with page.expect_response(lambda answer: answer.request.method == "PATCH" and answer.ok):
        page.evaluate(RUN, [snippet, token])
    page.goto(f"{sqlite_site.url}/uploads/")
    expect(page.locator(".card h2").get_by_role("link", name="hello.txt")).to_be_visible()
