"""A front-end developer who has nothing but the guide: its snippets, one after the other, in a page of their own."""

import json
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import PASSWORD


def follow_the_guide(page: Page, site: str, file: Path, url: str, name: str) -> str:
    """Make the file, which is served at `url`, of what the guide of that site shows, and open it: all of it works.

    Who logs in there is somebody of that name. The guide's last page comes back, which shows a job by its id.
    """
    page.goto(f"{site}/guide/")
    snippets = page.locator("code.language-js").all_inner_texts()
    blank_page, element = page.locator("code.language-html").all_inner_texts()
    log_in = next(number for number, code in enumerate(snippets) if "function logIn" in code)
    snippets.insert(log_in + 1, f'await logIn("{name}", {json.dumps(PASSWORD)});')
    file.write_text(blank_page.replace("// the examples", "\n".join(snippets)))

    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "log" else None)
    with (
        page.expect_console_message(lambda message: message.text.endswith("succeeded 100")),
        page.expect_console_message(lambda message: message.text == "Water all plants is done"),
        page.expect_console_message(lambda message: message.text == "422 Enter a title."),
    ):
        page.goto(url)
    assert said[0] == "Nobody is logged in"
    return f"<!doctype html>{element}"
