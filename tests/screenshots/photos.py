"""Landscapes for the screenshots, drawn with Pillow: skies, ridges in haze, forests, water with reflections, boats.

Each photo is a list of layers on a canvas of SCALE times its size, which is scaled down at the end for smooth edges.
The random numbers of a photo depend on its name only, so each run draws the same pictures.
"""

import io
from collections.abc import Callable
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

SCALE = 2
WIDE, TALL = (1200, 800), (900, 1200)

Layer = Callable[[Image.Image, Random], Image.Image]


def sky(top: str, middle: str, bottom: str) -> Layer:
    def draw(image: Image.Image, _: Random) -> Image.Image:
        gradient = Image.linear_gradient("L").resize(image.size)
        return ImageOps.colorize(gradient, top, bottom, mid=middle)

    return draw


def sun(x: float, y: float, radius: float, colour: str) -> Layer:
    """Draw a disc with a glow. Coordinates and radius are parts of the picture's size."""

    def draw(image: Image.Image, _: Random) -> Image.Image:
        centre, disc = (x * image.width, y * image.height), radius * image.width
        for size, blur, strength in ((5, 2.5, 0.35), (2, 0.8, 0.5), (1, 0.03, 1)):
            mask = Image.new("L", image.size)
            ImageDraw.Draw(mask).circle(centre, disc * size, fill=round(255 * strength))
            image.paste(colour, mask=mask.filter(ImageFilter.BoxBlur(disc * blur)))
        return image

    return draw


def stars(count: int) -> Layer:
    def draw(image: Image.Image, random: Random) -> Image.Image:
        canvas = ImageDraw.Draw(image)
        for _ in range(count):
            centre = random.uniform(0, image.width), random.uniform(0, image.height * 0.75)
            light = random.randint(120, 255)
            canvas.circle(centre, random.choice((1, 1, 1.5, 2.5)), fill=(light, light, min(255, light + 15)))
        return image

    return draw


def ridge(height: float, peak: float, colour: str, foot: str, roughness: float = 0.52) -> Layer:
    """Draw a chain of hills that starts at `height` and rises up to `peak`, and fades to the colour `foot` below."""

    def draw(image: Image.Image, random: Random) -> Image.Image:
        outline = _ridge_line(image, random, height, peak, roughness)
        mask = _polygon(image, [*outline, (image.width, image.height), (0, image.height)])
        fade = Image.linear_gradient("L").resize((image.width, round(image.height * (1 - peak)) or 1))
        slope = Image.new("RGB", image.size, colour)
        slope.paste(ImageOps.colorize(fade, colour, foot), (0, round(image.height * peak)))
        image.paste(slope, mask=mask)
        return image

    return draw


def snow(height: float, peak: float, colour: str, shade: str) -> Layer:
    """Draw snowy mountains, whose faces away from the light are in the shade."""

    def draw(image: Image.Image, random: Random) -> Image.Image:
        outline = _ridge_line(image, random, height, peak, 0.55)
        base = [(image.width, image.height), (0, image.height)]
        image.paste(shade, mask=_polygon(image, [*outline, *base]))
        slid = [
            (0, image.height),
            *((x + (y - peak * image.height) * 0.45, y + image.height * 0.02) for x, y in outline),
        ]
        lit = ImageChops.multiply(_polygon(image, [*outline, *base]), _polygon(image, [*slid, *base]))
        image.paste(colour, mask=lit.filter(ImageFilter.GaussianBlur(3)))
        return image

    return draw


def firs(ground: float, size: float, colour: str, count: int) -> Layer:
    """Draw a row of fir trees that stand on a hilly ground."""

    def draw(image: Image.Image, random: Random) -> Image.Image:
        outline = _ridge_line(image, random, ground, ground - 0.05, 0.4)
        canvas = ImageDraw.Draw(image)
        canvas.polygon([*outline, (image.width, image.height), (0, image.height)], fill=colour)
        for _ in range(count):
            x, y = random.choice(outline)
            _fir(canvas, x, y + 0.02 * image.height, size * image.height * random.uniform(0.55, 1.1), colour)
        return image

    return draw


def _fir(canvas: ImageDraw.ImageDraw, x: float, y: float, height: float, colour: str) -> None:
    tiers = 9
    for tier in range(tiers):
        top = y - height * (1 - tier / (tiers + 1))
        half = height * (0.025 + 0.17 * (tier + 1) / tiers)
        canvas.polygon(
            [(x, top - height * 0.04), (x + half, top + height * 0.15), (x - half, top + height * 0.15)], fill=colour
        )


def water(horizon: float, tint: str, strength: float = 0.35) -> Layer:
    """Reflect what is above the horizon, with ripples that grow towards the shore."""

    def draw(image: Image.Image, random: Random) -> Image.Image:
        line = round(horizon * image.height)
        depth = image.height - line
        above = ImageOps.flip(image.crop((0, max(0, line - depth), image.width, line))).resize((image.width, depth))
        surface = Image.blend(above, Image.new("RGB", above.size, tint), strength)
        rippled, row = surface.filter(ImageFilter.GaussianBlur(4)), 0
        while row < depth:
            thickness = 2 + row * 10 // depth
            strip = rippled.crop((0, row, image.width, row + thickness))
            image.paste(ImageChops.offset(strip, random.randint(-4, 4) * (2 + row * 14 // depth), 0), (0, line + row))
            row += thickness
        return image

    return draw


def boats(horizon: float, count: int, colour: str) -> Layer:
    def draw(image: Image.Image, random: Random) -> Image.Image:
        canvas = ImageDraw.Draw(image)
        for number in range(count):
            x = image.width * (number + random.uniform(0.25, 0.75)) / count
            _boat(canvas, x, horizon * image.height, image.width * random.uniform(0.05, 0.08), colour)
        return image

    return draw


def _boat(canvas: ImageDraw.ImageDraw, x: float, y: float, size: float, colour: str) -> None:
    hull = [(x - size, y - size * 0.22), (x + size * 1.15, y - size * 0.3), (x + size * 0.8, y), (x - size * 0.8, y)]
    canvas.polygon(hull, fill=colour)
    canvas.rectangle((x - size * 0.35, y - size * 0.45, x + size * 0.4, y - size * 0.2), fill=colour)
    mast = y - size * 2.6
    canvas.line((x, y, x, mast), fill=colour, width=5)
    canvas.line((x, mast, x + size * 1.1, y - size * 0.3), fill=colour, width=2)
    canvas.line((x, mast, x - size * 0.95, y - size * 0.25), fill=colour, width=2)
    canvas.line((x, y - size * 0.75, x - size * 0.85, y - size * 0.65), fill=colour, width=7)


def town(ground: float, colour: str, light: str) -> Layer:
    """Draw houses with lit windows on a quay."""

    def draw(image: Image.Image, random: Random) -> Image.Image:
        canvas, x, base = ImageDraw.Draw(image), -20.0, ground * image.height
        while x < image.width:
            width, height = random.uniform(70, 130), image.height * random.uniform(0.07, 0.15)
            canvas.rectangle((x, base - height, x + width, base), fill=colour)
            canvas.polygon(
                [(x - 6, base - height), (x + width + 6, base - height), (x + width / 2, base - height - 38)],
                fill=colour,
            )
            for _ in range(random.randint(2, 5)):
                left, top = x + random.uniform(12, width - 24), base - random.uniform(24, height - 8)
                canvas.rectangle((left, top, left + 11, top + 15), fill=light)
            x += width + random.choice((0, 4, 30))
        return image

    return draw


def _ridge_line(
    image: Image.Image, random: Random, height: float, peak: float, roughness: float
) -> list[tuple[float, float]]:
    """Return the points of an outline by midpoint displacement, scaled to between the two heights."""
    values = [random.random() for _ in range(5)]
    swing = 0.5
    for _ in range(8):
        middles = [(a + b) / 2 + random.uniform(-swing, swing) for a, b in pairwise(values)]
        values = [value for pair in zip(values, middles, strict=False) for value in pair] + values[-1:]
        swing *= roughness
    low, high = min(values), max(values)
    step = image.width / (len(values) - 1)
    tops = (height - (value - low) / (high - low) * (height - peak) for value in values)
    return [(number * step, top * image.height) for number, top in enumerate(tops)]


def _polygon(image: Image.Image, points: list[tuple[float, float]]) -> Image.Image:
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).polygon(points, fill=255)
    return mask


PHOTOS: dict[str, tuple[tuple[int, int], list[Layer]]] = {
    "First light.jpg": (
        WIDE,
        [
            sky("#3f5f8f", "#e8b79a", "#fbe3c0"),
            sun(0.68, 0.46, 0.035, "#fff3d6"),
            ridge(0.62, 0.34, "#8d8fae", "#e6c4b4"),
            ridge(0.72, 0.45, "#5f6f92", "#b9a6b0"),
            ridge(0.84, 0.58, "#38506d", "#6b7890"),
            firs(0.93, 0.16, "#18293a", 90),
        ],
    ),
    "Harbour.jpg": (
        WIDE,
        [
            sky("#22315a", "#a8658a", "#f6b27a"),
            sun(0.27, 0.5, 0.03, "#ffe1a8"),
            ridge(0.58, 0.44, "#5b4a72", "#8b5f7c"),
            town(0.62, "#2b2947", "#ffd38a"),
            boats(0.655, 4, "#1b1c36"),
            water(0.655, "#3b3560"),
        ],
    ),
    "Lake.jpg": (
        WIDE,
        [
            sky("#4d95c9", "#a9d3ea", "#e9f4f4"),
            snow(0.56, 0.16, "#f7fafc", "#8aa6c2"),
            ridge(0.58, 0.44, "#4f7f78", "#7fa596"),
            firs(0.585, 0.09, "#1f4a42", 160),
            water(0.6, "#1f5f73", 0.3),
        ],
    ),
    "Fog in the forest.jpg": (
        TALL,
        [
            sky("#c9d6d3", "#dfe6df", "#eef0e6"),
            firs(0.5, 0.2, "#b3c4be", 60),
            firs(0.62, 0.27, "#86a19a", 50),
            firs(0.76, 0.34, "#4f736c", 40),
            firs(0.94, 0.42, "#1f3f3b", 26),
        ],
    ),
    "Night at the hut.jpg": (
        TALL,
        [
            sky("#070d24", "#1c2f5c", "#54679a"),
            stars(520),
            snow(0.72, 0.42, "#aebfe0", "#33467a"),
            ridge(0.86, 0.7, "#141d3d", "#0d142c"),
            firs(0.95, 0.15, "#080d1f", 40),
        ],
    ),
    "The last evening.jpg": (
        WIDE,
        [
            sky("#5a4a86", "#ee8d6b", "#ffd58c"),
            sun(0.5, 0.52, 0.06, "#fff0c2"),
            ridge(0.6, 0.5, "#7d4f74", "#b3685f"),
            water(0.6, "#7a4468", 0.25),
        ],
    ),
    "Over the pass.jpg": (
        WIDE,
        [
            sky("#2f7cc0", "#8fc1e6", "#dcecf5"),
            snow(0.7, 0.12, "#ffffff", "#7d9cc0"),
            ridge(0.86, 0.6, "#5d7f55", "#88a06a"),
            ridge(1.0, 0.78, "#3f6a3f", "#6f9550"),
        ],
    ),
}


def photo(name: str) -> bytes:
    """Return the photo with this name as a JPEG."""
    (width, height), layers = PHOTOS[name]
    random = Random(name)
    image = Image.new("RGB", (width * SCALE, height * SCALE))
    for layer in layers:
        image = layer(image, random)
    file = io.BytesIO()
    image.resize((width, height), Image.Resampling.LANCZOS).save(file, "JPEG", quality=92)
    return file.getvalue()
