"""Assertions about the accessibility and the width of a page."""

from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LOOKS = [("dark", 320), ("light", 1280)]
"""Colour schemes, and widths in CSS pixels."""

CHECKED = {"exclude": [":is(li, option):nth-child(n + 21)"]}
"""What axe checks: all of the page but the later rows of long lists, whose markup is that of the rows before them."""


def assert_accessible(page: Page, rules: list[str] | None = None) -> None:
    """Check the page by these rules of axe, or by all of them."""
    report = report_violations(page, rules)
    assert not report, f"{page.url}\n{report}"


def report_violations(page: Page, rules: list[str] | None = None) -> str:
    """Return a report of the violations of these rules of axe, or of all of them. It is empty if there are none."""
    script = "0" if page.evaluate("'axe' in window") else AXE_SCRIPT
    # Without `preload`, which would request the imported style sheets from wrong addresses and apply inline styles.
    options = {"preload": False} | ({"runOnly": rules} if rules else {})
    results = Axe(script).run(page, CHECKED, options)
    return results.generate_report() if results.violations_count else ""


def assert_no_sideways_scrolling(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def assert_accessible_and_fits(page: Page) -> None:
    """Check the loaded page in each look. It keeps the last one."""
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
        assert_no_sideways_scrolling(page)
