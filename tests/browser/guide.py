"""A page that runs the guide's examples in order."""

import json
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import PASSWORD


def run_guide_examples(page: Page, site: str, file: Path, url: str, name: str) -> str:
    """Write the examples of a site's guide to a file, open it at `url`, and wait until all of them have succeeded.

    The page logs in as the user with this name. Return the guide's example page that shows a job as a progress bar.
    """
    page.goto(f"{site}/guide/")
    examples = page.locator("code.language-js").all_inner_texts()
    page_source, progress_page = page.locator("code.language-html").all_inner_texts()
    log_in = next(number for number, code in enumerate(examples) if "function logIn" in code)
    examples.insert(log_in + 1, f'await logIn("{name}", {json.dumps(PASSWORD)});')
    file.write_text(page_source.replace("// the examples", "\n".join(examples)))

    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text) if message.type == "log" else None)
    with (
        page.expect_console_message(lambda message: message.text.endswith("succeeded 100")),
        page.expect_console_message(lambda message: message.text == "Water all plants is done"),
        page.expect_console_message(lambda message: message.text == "422 Enter a title."),
    ):
        page.goto(url)
    assert messages[0] == "Nobody is logged in"
    return f"<!doctype html>{progress_page}"
