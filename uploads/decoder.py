"""The child process that opens pictures: `python -m uploads.decoder SOURCE DIRECTORY`.

Nothing else in Headway decodes what a user sent. This process has no database, no secrets in its environment, and
limits on memory and time that it sets before it opens the file. It writes its renditions into DIRECTORY and says
what it does on standard output, a JSON object a line:

    {"width": 4000, "height": 3000, "total": 3}          it is decoded; so many renditions will follow
    {"file": "1920.webp", "width": 1920, "height": 1440}  one is made
    {"error": "unreadable_picture", "message": "…"}       it can't be done, and why, for the file's owner

A signal, or the exit code OUT_OF_MEMORY, means that a limit ended it.
"""

import ctypes
import json
import resource
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

WIDTHS = (1920, 960, 320)
MAX_PIXELS = 200_000_000
MEMORY_BYTES = 2 * 1024**3
CPU_SECONDS = 60
OUT_OF_MEMORY = 3
PR_SET_PDEATHSIG = 1
FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF"]

WEBP_MAX = 16383
"""The longest side that a WebP can have, in pixels."""

UNREADABLE = (
    "The file begins like a picture, but can't be read as one: it is damaged or cut short. The file itself is kept."
)
TOO_LARGE = f"The picture has more than {MAX_PIXELS // 10**6} million pixels. The file itself is kept."

Say = Callable[[dict], None]


def main(source: Path, directory: Path, say: Say) -> None:
    """Make the renditions; a picture that can't be read is said, not raised. Raises MemoryError."""
    from PIL import Image

    try:
        make_renditions(source, directory, say)
    except MemoryError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        say({"error": "picture_too_large", "message": TOO_LARGE})
    except Exception as error:  # noqa: BLE001 (decoders raise about anything for broken data)
        print(f"{source}: {type(error).__name__}: {error}", file=sys.stderr)
        say({"error": "unreadable_picture", "message": UNREADABLE})


def make_renditions(source: Path, directory: Path, say: Say) -> None:
    """Decode once, as small as will do, then scale down from one rendition to the next."""
    from PIL import Image, ImageOps
    from pillow_heif import register_heif_opener

    register_heif_opener()
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(source, formats=FORMATS) as image:
        on_its_side = image.getexif().get(0x0112) in (5, 6, 7, 8)  # EXIF orientations
        width, height = reversed(image.size) if on_its_side else image.size
        fitting = max(1, min(width, WEBP_MAX * width // height))
        widths = sorted({min(fitting, wanted) for wanted in WIDTHS}, reverse=True)
        scale = widths[0] / width
        raw_size = scaled(image.size, scale)
        image.draft("RGB", raw_size)
        small = scalable(image).resize(raw_size, Image.Resampling.LANCZOS)
    picture = to_srgb(ImageOps.exif_transpose(small))
    say({"width": width, "height": height, "total": len(widths)})
    for wanted in widths:
        picture = picture.resize(scaled((width, height), wanted / width), Image.Resampling.LANCZOS)
        name = f"{wanted}.webp"
        picture.save(directory / name, "WEBP", quality=80)
        say({"file": name, "width": picture.width, "height": picture.height})


def scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Width and height times scale, in pixels that a WebP can have: at least one, and not too many."""
    width, height = (min(WEBP_MAX, max(1, round(side * scale))) for side in size)
    return width, height


def scalable(image):
    """The picture in a mode whose values can be averaged: a palette's numbers can't, 16 bits are cut to 8."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L")
    if image.mode in ("1", "P", "PA"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def to_srgb(image):
    """The picture's colours in sRGB, with transparency if it has any, and without metadata."""
    from PIL import Image, ImageCms

    mode = "RGBA" if image.has_transparency_data else "RGB"
    profile = image.info.get("icc_profile")
    alpha = image.convert("RGBA").getchannel("A") if mode == "RGBA" else None
    if profile:
        opaque = image if image.mode in ("RGB", "CMYK", "L") else image.convert("RGB")
        with suppress(ImageCms.PyCMSError, OSError):  # a broken profile: the colours as they are beat no picture
            image = ImageCms.profileToProfile(
                opaque,
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
    plain = Image.new(mode, image.size)
    plain.paste(image.convert(mode))
    if alpha:
        plain.putalpha(alpha)
    return plain


def limit() -> None:
    """Take away what a hostile file could make this process do harm with; and its life, if its worker is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    limit()
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]), lambda message: print(json.dumps(message), flush=True))
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
