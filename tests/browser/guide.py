"""A page made of the examples of the guide, one after the other."""

import json
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import PASSWORD


def follow_the_guide(page: Page, site: str, file: Path, url: str, name: str) -> str:
    """Write the examples of a site's guide to a file, open it at `url`, and wait until all of them have worked.

    The page logs in as the user with this name. Return the guide's second page, which shows a job as a progress bar.
    """
    page.goto(f"{site}/guide/")
    snippets = page.locator("code.language-js").all_inner_texts()
    blank_page, element = page.locator("code.language-html").all_inner_texts()
    log_in = next(number for number, code in enumerate(snippets) if "function logIn" in code)
    snippets.insert(log_in + 1, f'await logIn("{name}", {json.dumps(PASSWORD)});')
    file.write_text(blank_page.replace("// the examples", "\n".join(snippets)))

    logged: list[str] = []
    page.on("console", lambda message: logged.append(message.text) if message.type == "log" else None)
    with (
        page.expect_console_message(lambda message: message.text.endswith("succeeded 100")),
        page.expect_console_message(lambda message: message.text == "Water all plants is done"),
        page.expect_console_message(lambda message: message.text == "422 Enter a title."),
    ):
        page.goto(url)
    assert logged[0] == "Nobody is logged in"
    return f"<!doctype html>{element}"
