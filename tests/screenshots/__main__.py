"""Screenshots of the running site for README and the landing page, in the font Inter on every machine."""

import io
import os
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import launch_options, sign_up
from tests.browser.site import FAST_SETTINGS, Site, running_site
from tests.paths import ROOT
from tests.screenshots.example_data import RUNNING_FILE, create_data, run_job_again
from tests.screenshots.photos import PHOTOS

PICTURES = ROOT / "config/static/config/screenshots"
WIDE = {"width": 1200, "height": 750}
PHONE = {"width": 375, "height": 600}
QUALITY = 75
PROCESSING_MS = 120_000

FONTS = """<?xml version="1.0"?>
<fontconfig>
  <include>/etc/fonts/fonts.conf</include>
  <match target="pattern">
    <edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit>
  </match>
</fontconfig>
"""

VISIBLE_IMAGES_ARE_LOADED = """
    () => [...document.images].every((image) => image.complete || image.getBoundingClientRect().top > innerHeight)
"""


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="headway-screenshots-") as directory,
        running_site(Path(directory), **FAST_SETTINGS) as site,
        sync_playwright() as playwright,
    ):
        fonts = Path(directory) / "fonts.conf"
        fonts.write_text(FONTS)
        options = launch_options("chromium-headless-shell", "--font-render-hinting=none")
        browser = playwright.chromium.launch(**options, env=os.environ | {"FONTCONFIG_FILE": str(fonts)})
        session = prepare(browser, site)
        for scheme in ("light", "dark"):
            take_all(browser, site, session, scheme)
        browser.close()


def prepare(browser: Browser, site: Site) -> dict:
    """Create a user with the data. Return the browser's storage, with which the user is logged in."""
    context = browser.new_context()
    page = context.new_page()
    sign_up(page, site, "Ada")
    create_data(context.request, site.url)
    page.goto(f"{site.url}/uploads/")
    page.locator(".file .picture img").nth(len(PHOTOS)).wait_for(timeout=PROCESSING_MS)  # all photos and the document
    run_job_again(site.state_dir)
    return context.storage_state()


def take_all(browser: Browser, site: Site, session: dict, scheme: str) -> None:
    options = {"color_scheme": scheme, "reduced_motion": "reduce", "storage_state": session}
    context = browser.new_context(viewport=WIDE, device_scale_factor=1.5, **options)
    page = context.new_page()
    open_list(page, site)
    save(page, f"todos-{scheme}")
    page.goto(f"{site.url}/uploads/")
    page.locator(".file", has_text=RUNNING_FILE).locator("progress").wait_for()
    save(page, f"files-{scheme}")
    page.goto(site.dashboard_url)
    page.locator("due-list li").first.wait_for()
    page.locator("latest-files img").first.wait_for()
    save(page, f"dashboard-{scheme}")
    context.close()
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True, **options)
    page = context.new_page()
    open_list(page, site)
    save(page, f"phone-{scheme}")
    context.close()


def open_list(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/todos/")
    page.locator("progress-tray summary").wait_for()
    page.locator(".new-todo").blur()


def save(page: Page, name: str) -> None:
    """Write the page as WebP when its visible images have been loaded."""
    page.wait_for_function(VISIBLE_IMAGES_ARE_LOADED)
    image = Image.open(io.BytesIO(page.screenshot()))
    path = PICTURES / f"{name}.webp"
    image.save(path, quality=QUALITY, method=6)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
