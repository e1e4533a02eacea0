"""The guide's shell commands, and its example that needs a library. guide.py runs the other examples."""

import html
import json
import re
import shutil
import subprocess
import urllib.request

from playwright.sync_api import expect

from tests.browser.conftest import sign_up
from tests.paths import ROOT

LIBRARY = ROOT / "tests/node/node_modules/tus-js-client/dist/tus.min.js"
READ_SESSION = """async (api) => {
  const response = await fetch(`${api}/session/`, { credentials: "include" });
  return (await response.json()).csrf_token;
}"""
RUN = """([example, token]) => new Function("file", "token", example)(new File(["Hello"], "hello.txt"), token)"""


def test_example_for_tus_js_client_uploads_a_file(page, sqlite_site):
    sign_up(page, sqlite_site, "tus-user")
    page.goto(f"{sqlite_site.dashboard_url}/guide/")
    example = page.locator("code.language-javascript").inner_text()
    public = sqlite_site.state_dir / "public"
    shutil.copy(LIBRARY, public / "tus.js")
    (public / "tus.html").write_text('<!doctype html><title>tus</title><script src="tus.js"></script>')
    page.goto(f"{sqlite_site.dashboard_url}/tus.html")
    token = page.evaluate(READ_SESSION, f"{sqlite_site.url}/api")
    with page.expect_response(lambda response: response.request.method == "PATCH" and response.ok):
        page.evaluate(RUN, [example, token])
    page.goto(f"{sqlite_site.url}/uploads/")
    expect(page.locator(".file h2").get_by_role("link", name="hello.txt")).to_be_visible()


def test_shell_commands_upload_a_file(sqlite_site, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"hello")
    with urllib.request.urlopen(f"{sqlite_site.url}/guide/") as response:
        blocks = re.findall(r'<code class="language-sh">(.*?)</code>', response.read().decode(), re.DOTALL)
    (commands,) = [html.unescape(block) for block in blocks if "photo.jpg" in block]
    done = subprocess.run(["bash", "-c", commands], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    *_, session, upload = done.stdout.replace("}{", "}\n{").splitlines()
    assert json.loads(session)["user"] == {"username": "maria"}
    assert json.loads(upload)["name"] == "photo.jpg"
