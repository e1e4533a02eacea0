"""Colours of renditions, which are sRGB: conversion from colour profiles, CMYK, 16 bits, gamma and transparency."""

import struct

import pytest
from PIL import Image, ImageCms

from tests.helpers import photo
from tests.uploads.files import png
from tests.uploads.helpers import encode, is_red, open_rendition, process, rendition_bytes

pytestmark = pytest.mark.usefixtures("decode_in_process")

D50 = (0.9642, 1.0, 0.8249)


def srgb_profile(**colorants: tuple[float, float, float]) -> bytes:
    """Return the sRGB profile with other primaries, in XYZ for D50 (ICC.1:2010 §10.31)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(struct.unpack_from(">I", profile, 128)[0]):
        name, offset = struct.unpack_from(">4sI", profile, 132 + 12 * number)
        if xyz := colorants.get(name.decode()):
            struct.pack_into(">3i", profile, offset + 8, *(round(value * 65536) for value in xyz))
    return bytes(profile)


DISPLAY_P3 = srgb_profile(
    rXYZ=(0.51512, 0.24120, -0.00105), gXYZ=(0.29198, 0.69225, 0.04189), bXYZ=(0.15710, 0.06657, 0.78407)
)
ADOBE_RGB = srgb_profile(
    rXYZ=(0.60974, 0.31111, 0.01947), gXYZ=(0.20528, 0.62567, 0.06087), bXYZ=(0.14919, 0.06322, 0.74457)
)


def cmyk_profile(colours: dict[tuple[int, int, int, int], tuple[int, int, int]]) -> bytes:
    """Return a profile that maps full inks (C, M, Y, K) to L*a*b*, others to white (ICC.1:2010 §10.9, lut8Type)."""
    identity = bytes(range(256))
    table = b""
    for corner in range(16):
        lightness, a, b = colours.get(tuple(corner >> bit & 1 for bit in (3, 2, 1, 0)), (100, 0, 0))
        table += bytes((lightness * 255 // 100, a + 128, b + 128))
    one = 0x10000
    matrix = struct.pack(">9i", one, 0, 0, 0, one, 0, 0, 0, one)
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix + identity * 4 + table + identity * 3
    white = b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in D50))
    tags = struct.pack(">I4sII4sII", 2, b"A2B0", 156, len(lut), b"wtpt", 156 + len(lut), len(white))
    fields = (156 + len(lut) + len(white), b"", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    header = struct.pack(">I4sI4s4s4s12x4s", *fields)
    return header.ljust(68, b"\0") + white[8:] + bytes(48) + tags + lut + white


def rendition_colour(upload) -> tuple[int, int, int]:
    """Return the colour of one pixel of the largest rendition, which must have no colour profile."""
    rendition = upload.renditions.last()
    assert b"ICCP" not in rendition_bytes(rendition)
    return open_rendition(rendition).convert("RGB").getpixel((25, 25))


def stripes(*colours: tuple[int, ...], mode: str = "RGB") -> Image.Image:
    """Return a picture with a stripe of 64 × 64 pixels for each colour, side by side."""
    image = Image.new(mode, (64 * len(colours), 64))
    for index, colour in enumerate(colours):
        image.paste(colour, (64 * index, 0, 64 * (index + 1), 64))
    return image


def rendition_stripes(upload) -> list[tuple[int, int, int]]:
    """Return the colour in the middle of each stripe of the largest rendition, which must have no colour profile."""
    rendition = upload.renditions.last()
    assert b"ICCP" not in rendition_bytes(rendition)
    image = open_rendition(rendition).convert("RGB")
    return [image.getpixel((x, 32)) for x in range(32, image.width, 64)]


def test_profile_with_swapped_red_and_blue_is_applied(alice):
    swapped = srgb_profile(rXYZ=(0.14307, 0.06061, 0.71409), bXYZ=(0.43607, 0.22249, 0.01392))
    for mode in ("RGB", "RGBA"):
        upload = process(alice, encode(Image.new(mode, (50, 50), "red"), icc_profile=swapped))
        red, _, blue = rendition_colour(upload)
        assert blue > red


DISPLAY_P3_IN_SRGB = {(128, 64, 64): (138, 59, 62), (64, 128, 64): (32, 130, 55), (128, 128, 128): (128, 128, 128)}
"""Display P3 → sRGB, computed with the matrices of CSS Color 4 §17."""


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_display_p3_is_converted_to_srgb(alice, format):
    import pillow_heif

    pillow_heif.register_heif_opener()
    options = {"quality": 100} if format == "JPEG" else {"quality": 95} if format != "PNG" else {}
    content = encode(stripes(*DISPLAY_P3_IN_SRGB, (255, 0, 0)), format, icc_profile=DISPLAY_P3, **options)
    assert rendition_stripes(process(alice, content)) == [
        pytest.approx(colour, abs=7) for colour in (*DISPLAY_P3_IN_SRGB.values(), (255, 0, 0))
    ]


def test_adobe_rgb_is_converted_to_srgb(alice):
    upload = process(alice, encode(Image.new("RGB", (50, 50), (0, 200, 0)), icc_profile=ADOBE_RGB))
    assert rendition_colour(upload) == pytest.approx((0, 200, 0), abs=5)
    upload = process(alice, encode(Image.new("RGB", (50, 50), (200, 100, 100)), icc_profile=ADOBE_RGB))
    red, green, _ = rendition_colour(upload)
    assert red > 205  # Adobe RGB has a wider gamut, so the same values are a stronger red
    assert green < 103


def test_grey_with_profile_is_converted(alice):
    for mode, colour in (("L", 100), ("LA", (100, 255))):
        upload = process(alice, encode(Image.new(mode, (50, 50), colour), icc_profile=srgb_profile()))
        assert rendition_colour(upload) == pytest.approx((100, 100, 100), abs=3)


def test_cmyk_jpeg_without_profile_is_converted(alice):
    srgb_of_inks = {
        (0, 255, 255, 0): (255, 0, 0),
        (255, 255, 0, 0): (0, 0, 255),
        (0, 0, 0, 255): (0, 0, 0),
        (0, 0, 0, 0): (255, 255, 255),
    }
    upload = process(alice, encode(stripes(*srgb_of_inks, mode="CMYK"), "JPEG", quality=95))
    assert rendition_stripes(upload) == [pytest.approx(colour, abs=6) for colour in srgb_of_inks.values()]


def test_cmyk_jpeg_with_profile_is_converted(alice):
    profile = cmyk_profile({(1, 0, 0, 0): (54, 81, 70)})  # cyan ink looks red
    upload = process(alice, encode(Image.new("CMYK", (50, 50), (255, 0, 0, 0)), "JPEG", icc_profile=profile))
    assert rendition_colour(upload) == pytest.approx((255, 0, 0), abs=20)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_damaged_profile_is_ignored(alice, format):
    upload = process(alice, photo(format=format, icc_profile=b"garbage" * 20))
    assert is_red(open_rendition(upload.renditions.last()).convert("RGB"), 0.1, 0.1)


def test_transparent_pixels_stay_transparent(alice):
    upload = process(alice, encode(Image.new("RGBA", (50, 50), (255, 0, 0, 0))))
    assert open_rendition(upload.renditions.get()).getpixel((25, 25))[3] == 0


def test_transparent_palette_entry_is_transparent(alice):
    image = Image.new("P", (50, 50), 3)
    image.putpalette(range(12))
    upload = process(alice, encode(image, transparency=3))
    assert open_rendition(upload.renditions.get()).getpixel((25, 25))[3] == 0


def test_16_bit_grey_keeps_its_brightness(alice):
    upload = process(alice, encode(Image.new("I;16", (50, 50), 40_000)))
    assert open_rendition(upload.renditions.get()).convert("L").getpixel((25, 25)) == pytest.approx(156, abs=3)


def test_16_bit_colours_keep_their_brightness(alice):
    row = b"\0" + struct.pack(">HHH", 40_000, 20_000, 60_000) * 50
    assert rendition_colour(process(alice, png(50, 50, row * 50, depth=16))) == pytest.approx((156, 78, 234), abs=8)


WHITE_AND_BLACK = {1: b"\xf0"} | {depth: b"\xff" * (depth // 2) + b"\0" * (depth // 2) for depth in (2, 4, 8, 16)}
"""Bits per pixel → row of four white and four black pixels."""


@pytest.mark.parametrize("depth", WHITE_AND_BLACK)
@pytest.mark.parametrize("key", ["white", "black"])
def test_transparent_grey_of_a_png_is_transparent(alice, depth, key):
    value = 2**depth - 1 if key == "white" else 0
    rows = (b"\0" + WHITE_AND_BLACK[depth]) * 8
    upload = process(alice, png(8, 8, rows, depth=depth, colours=0, tRNS=struct.pack(">H", value)))
    picture = open_rendition(upload.renditions.get()).convert("RGBA")
    alphas = [picture.getpixel((x, 4))[3] for x in (0, 7)]
    assert alphas == ([0, 255] if key == "white" else [255, 0])


def test_16_bit_grey_differing_from_transparency_in_the_lower_byte_is_opaque(alice):
    rows = (b"\0" + b"\x12\x34" * 4 + b"\x12\x35" * 4) * 8
    upload = process(alice, png(8, 8, rows, depth=16, colours=0, tRNS=b"\x12\x34"))
    picture = open_rendition(upload.renditions.get())
    assert [picture.getpixel((x, 4))[3] for x in (0, 7)] == [0, 255]


@pytest.mark.parametrize("depth", [8, 16])
def test_transparent_colour_of_a_png_is_transparent(alice, depth):
    red, blue = (b"\xff\0\0", b"\0\0\xff") if depth == 8 else (b"\xff\xff\0\0\0\0", b"\0\0\0\0\xff\xff")
    key = struct.pack(">3H", 2**depth - 1, 0, 0)
    upload = process(alice, png(8, 8, (b"\0" + red * 4 + blue * 4) * 8, depth=depth, tRNS=key))
    picture = open_rendition(upload.renditions.get())
    assert [picture.getpixel((x, 4))[3] for x in (0, 7)] == [0, 255]


def test_transparent_colour_has_no_fringe_when_it_is_scaled(alice):
    """The colour of transparent pixels is not blended into their opaque neighbours."""
    rows = b"".join(b"\0" + b"\xff\0\xff" * 1501 + b"\0\xff\0" * 1499 for _ in range(4))
    upload = process(alice, png(3000, 4, rows, tRNS=struct.pack(">3H", 255, 0, 255)))
    picture = open_rendition(upload.renditions.first()).convert("RGBA")
    opaque = [picture.getpixel((x, 0)) for x in range(picture.width) if picture.getpixel((x, 0))[3] == 255]
    assert opaque
    assert all(pixel[1] > 200 for pixel in opaque)


@pytest.mark.parametrize(
    ("gamma", "chunks", "expected", "colours"),
    [
        *((100_000, {}, 136, colours) for colours in (0, 2, 4, 6)),
        (45_455, {}, 64, 2),
        (46_000, {}, 64, 0),
        (100_000, {"sRGB": b"\0"}, 64, 6),
    ],
)
def test_gamma_of_a_png_is_converted(alice, gamma, chunks, expected, colours):
    """As in Chromium, gAMA is ignored if there is an sRGB chunk or if the difference is slight."""
    pixel = {0: b"\x40", 2: b"\x40" * 3, 4: b"\x40\xff", 6: b"\x40" * 3 + b"\xff"}[colours]
    content = png(64, 64, (b"\0" + pixel * 64) * 64, colours=colours, gAMA=struct.pack(">I", gamma), **chunks)
    red, green, blue = rendition_colour(process(alice, content))
    assert max(abs(value - expected) for value in (red, green, blue)) <= 2
