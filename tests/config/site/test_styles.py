"""The contrast of the colours, by WCAG's formula, and the rules that all style sheets follow."""

import math
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.finders import find

STYLES = Path(find("config/css/site.css")).parent
COMPONENTS = sorted(STYLES.glob("*.css"))
TOKEN = re.compile(r"--([\w-]+): light-dark\(oklch\((.*?)\), oklch\((.*?)\)\);")

MIN_TEXT_CONTRAST, MIN_CONTROL_CONTRAST = 4.5, 3
SURFACES = ["paper", "surface", "sunken"]
KINDS = ["danger", "warning", "info", "success"]
TEXTS = [
    *((text, on) for on in [*SURFACES, "hover"] for text in ("ink", "ink-soft", "accent", "accent-hover")),
    *((kind, on) for kind in KINDS for on in [*SURFACES, f"{kind}-surface"]),
    *(("ink", f"{kind}-surface") for kind in [*KINDS, "accent"]),
    *[("on-accent", "accent"), ("on-accent", "accent-hover"), ("accent", "accent-surface"), ("surface", "danger")],
    *[("paper", "ink"), ("ink", "accent-line")],
]
CONTROLS = [("line-strong", on) for on in [*SURFACES, "hover"]]


def colours(scheme: int) -> dict[str, tuple[float, ...]]:
    """Return the colours of the light (0) or the dark (1) scheme by name, as lightness, chroma and hue."""
    tokens = TOKEN.findall((STYLES / "tokens.css").read_text())
    return {name: tuple(float(part.rstrip("%deg")) for part in schemes[scheme].split()) for name, *schemes in tokens}


def linear_rgb(colour: tuple[float, ...]) -> tuple[float, ...]:
    """Return an OKLCH colour in linear sRGB, clipped to values from 0 to 1."""
    lightness, chroma, hue = colour[0] / 100, colour[1], math.radians(colour[2])
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long, medium, short = (
        (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3,
    )
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
    )
    return tuple(min(max(value, 0), 1) for value in linear)


def hexadecimal(colour: tuple[float, ...]) -> str:
    """Return an OKLCH colour as #rrggbb."""
    gamma = (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055 for v in linear_rgb(colour))
    return "#" + "".join(f"{round(255 * value):02x}" for value in gamma)


def luminance(colour: tuple[float, ...]) -> float:
    """Return WCAG's relative luminance of an OKLCH colour."""
    red, green, blue = linear_rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_of_black_and_white_is_21():
    assert contrast((0, 0, 0), (100, 0, 0)) == pytest.approx(21, abs=0.01)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXTS, MIN_TEXT_CONTRAST), (CONTROLS, MIN_CONTROL_CONTRAST)])
def test_colours_have_enough_contrast(scheme, pairs, least):
    values = colours(scheme)
    contrasts = {pair: round(contrast(values[pair[0]], values[pair[1]]), 2) for pair in pairs}
    assert {pair: value for pair, value in contrasts.items() if value < least} == {}


def test_every_style_sheet_is_imported_once():
    imported = re.findall(r'@import url\("([\w-]+\.css)"\)', (STYLES / "site.css").read_text())
    assert sorted([*imported, "site.css"]) == [path.name for path in COMPONENTS]


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_style_sheet_uses_defined_properties_and_has_no_colours_of_its_own(path):
    text = path.read_text()
    defined = set(re.findall(r"(--[\w-]+):", "".join(sheet.read_text() for sheet in COMPONENTS)))
    assert set(re.findall(r"var\((--[\w-]+)", text)) <= defined
    if path.name not in ("tokens.css", "site.css"):
        assert not re.search(r"#[0-9a-f]{3,8}\b|\brgb|\bhsl|\boklch|url\(", re.sub(r'url\("#', "", text))


def test_emails_have_the_colours_of_the_pages():
    template = (settings.BASE_DIR / "templates/email/base.html").read_text()
    light, dark = template.split("prefers-color-scheme: dark")
    for scheme, styles in enumerate((light, dark)):
        used = set(re.findall(r"#[0-9a-f]{6}\b", styles))
        assert used
        assert used <= {hexadecimal(colour) for colour in colours(scheme).values()}
