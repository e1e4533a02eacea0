"""The checks that every state passes, on phones, tablets and wide screens, in light and dark."""

from collections.abc import Iterable

from playwright.sync_api import Page

from tests.browser.accessibility import report_violations
from tests.paths import ROOT

SCREENSHOTS = ROOT / "test-results/states"
SIZES = {375: 812, 768: 1024, 1440: 900}
"""Widths and heights in CSS pixels."""

TOUCH_WIDTH, TABLET_WIDTH, WIDEST = SIZES
NARROWEST = 320
MIN_TARGETS = {TOUCH_WIDTH: 44, TABLET_WIDTH: 24, WIDEST: 24}
SCHEMES = ("light", "dark")
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
"""The rules of axe whose results differ between schemes."""

MAX_SHIFT = 0.01
MEASURE_SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            const sources = entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 100) ?? node?.textContent);
            if (!entry.hadRecentInput) window.shifts.push([entry.value, sources]);
        }
    }).observe({ type: "layout-shift", buffered: true });
"""
TWO_FRAMES = "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"

CONTROLS = "button, summary, input, select, textarea, [role=button], a.button, nav a"
SMALL_TARGETS = """([controls, size]) => {
    const heights = (control) => [control, ...(control.labels ?? [])].flatMap((element) => [
        element.getBoundingClientRect().height,
        parseFloat(getComputedStyle(element, "::after").height) || 0,  // an area around it that reacts too
    ]);
    return [...document.querySelectorAll(controls)].filter((control) =>
        control.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && control.offsetWidth > 1
        && !control.closest(".skip, .breadcrumb, [inert]")
        && Math.max(...heights(control)) < size - 0.5
    ).map((control) => [control.outerHTML.slice(0, 120), control.offsetWidth, control.offsetHeight]);
}"""
"""The visible controls whose height, or that of their label, is less than the size."""

WIDE_ELEMENTS = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("body *")]
        .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth)
        .map((element) => element.outerHTML.slice(0, 120))
"""
"""The elements that are too wide for the window, if it can be scrolled sideways."""

MAX_FOCUSED = 60
HIDDEN_FOCUS = """(max) => {
    const focusable = "a[href], button, summary, input, select, textarea, [tabindex='0']";
    const hasOutline = (element) => {
        const { outlineStyle, outlineColor, outlineWidth } = getComputedStyle(element);
        return outlineStyle !== "none" && outlineColor !== "rgba(0, 0, 0, 0)" && outlineWidth !== "0px";
    };
    const before = document.activeElement;
    const hidden = [...document.querySelectorAll(focusable)].slice(0, max).filter((element) => {
        element.focus({ preventScroll: true });
        if (document.activeElement !== element) return false;
        return ![element, element.parentElement, ...(element.labels ?? [])].some(hasOutline);
    });
    before.focus({ preventScroll: true });
    return hidden.map((element) => element.outerHTML.slice(0, 120));
}"""


def check_state(page: Page, name: str, widths: Iterable[int] = SIZES) -> None:
    """Take screenshots of the state that the page is in, and check it. Raise AssertionError with all its faults.

    The page is resized, so this comes last. Phones come last of all, because a page has no mouse after touch emulation,
    even if that is disabled again. The structure and the controls of the admin are Django's, so only its
    colours and its width are checked.
    """
    faults: dict[str, object] = {}
    is_admin = "/admin/" in page.url
    for width in sorted(widths, reverse=True):
        resize(page, width)
        if width == TOUCH_WIDTH:
            page.context.new_cdp_session(page).send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            take_screenshot(page, f"{name}-{width}-{scheme}")
            if width == TABLET_WIDTH:  # tablets have the layout of phones
                continue
            rules = COLOUR_RULES if scheme == "dark" else None
            rules = ["color-contrast"] if is_admin else rules
            faults[f"axe {width} {scheme}"] = report_violations(page, rules)
        if not is_admin:
            faults[f"small targets {width}"] = page.evaluate(SMALL_TARGETS, [CONTROLS, MIN_TARGETS[width]])
    page.keyboard.press("Shift")  # after a key, browsers show which element has the focus
    faults["focus isn't visible"] = page.evaluate(HIDDEN_FOCUS, MAX_FOCUSED)
    page.set_viewport_size({"width": NARROWEST, "height": SIZES[TOUCH_WIDTH]})
    faults["too wide"] = page.evaluate(WIDE_ELEMENTS)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    take_screenshot(page, f"{name}-{NARROWEST}-200%")
    if not is_admin:
        faults["too wide with text of double size"] = page.evaluate(WIDE_ELEMENTS)
    report = "\n".join(f"{check}: {found}" for check, found in faults.items() if found)
    assert not report, report


def resize(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": SIZES[width]})


def take_screenshot(page: Page, name: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"{name}.jpg", type="jpeg", quality=70, scale="css", animations="disabled")


def assert_stable(page: Page) -> None:
    """Check that nothing has moved since the page began to load."""
    page.evaluate(TWO_FRAMES)
    shifts = page.evaluate("window.shifts")
    assert sum(value for value, _ in shifts) < MAX_SHIFT, shifts
