"""In the decoder's process: pictures, scaled down to WebP. The first frame of one that moves is its picture."""

import io
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from PIL import AvifImagePlugin, Image, ImageChops

from uploads.decoding.protocol import DecodeError, Send

WIDTHS = (1920, 960, 320)
QUALITY = 80
MAX_PIXELS = 200_000_000
READ_INTERVAL = 0.1
"""Seconds between two words on how far the file has been read."""

FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/heic": "HEIF",
}
MOVING = {"image/png", "image/gif", "image/webp", "image/avif"}
"""Where several frames are a moving picture: in HEIC and JPEG they are several pictures."""

ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright again, by its EXIF orientation (2.32 §4.6.4.A); from 5 on it lies on its side."""

GREY_SCALES = {"L;2": 85, "L;4": 17}
"""What makes values of 2 and 4 bits values of 8, by Pillow's name for them."""

SCREEN_GAMMA = 2.2
SLIGHT_GAMMA = 0.05
"""As libpng has them."""

WEBP_MAX = 16383
"""The longest side that a WebP can have, in pixels."""

UNREADABLE = "No preview: the file is damaged or cut short. The file itself is kept."

END_OF_IMAGE = b"\xff\xd9"
ANYTHING = b"\0" + b"\x55\xaa" * 65536
"""Bytes that a decoder would take for pixels, if any were missing."""
TOO_LARGE = f"The picture has more than {MAX_PIXELS // 10**6} million pixels. The file itself is kept."


class CountedFile(io.BufferedReader):
    """A file that says how far it has been read: the farthest place, since decoders go back and forth."""

    def __init__(self, source: Path, send: Send) -> None:
        super().__init__(io.FileIO(source))
        self._send = send
        self._said_at = time.monotonic()
        self._farthest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if data and time.monotonic() - self._said_at >= READ_INTERVAL:
            self.say_how_far()
        return data

    def say_how_far(self) -> None:
        self._farthest = max(self._farthest, self.tell())
        self._said_at = time.monotonic()
        self._send({"read": self._farthest})


def make_renditions(content_type: str, source: Path, directory: Path, send: Send) -> None:
    """Decode once, at the smallest sufficient size, and scale each rendition from the one before. Raises DecodeError
    and OSError."""
    _prepare(content_type)
    try:
        _make_renditions(content_type, source, directory, send)
    except MemoryError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DecodeError("picture_too_large", TOO_LARGE) from error
    except Exception as error:  # decoders raise about anything for broken data
        if isinstance(error, OSError) and error.errno:
            raise  # a full disk for example, which is not the file's fault
        raise DecodeError("unreadable_picture", UNREADABLE) from error


def _prepare(content_type: str) -> None:
    """Many threads would take the memory of one limit, and the cores of other jobs."""
    if content_type == "image/heic":
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def _make_renditions(content_type: str, source: Path, directory: Path, send: Send) -> None:
    opened = _open_jpeg(source, send) if content_type == "image/jpeg" else _open(content_type, source, send)
    picture, width = opened.picture, opened.width
    send({"metadata": {"width": width, "height": opened.height, **opened.moves}, "total": len(opened.widths)})
    for wanted in opened.widths:
        picture = picture.resize(scaled((width, opened.height), wanted / width), Image.Resampling.LANCZOS)
        send({"made": [save(picture, directory / f"{wanted}.webp")]})


class Opened(NamedTuple):
    """A decoded picture in sRGB and upright, as large as the largest rendition; `width` and `height` are the file's."""

    picture: Image.Image
    width: int
    height: int
    widths: list[int]
    moves: dict[str, Any]


def _open_jpeg(source: Path, send: Send) -> Opened:
    """Open a JPEG of which nothing but the end marker may be missing.

    Then all pixels are there, and what follows the last byte makes no difference to them.
    """
    try:
        return _open("image/jpeg", source, send)
    except OSError as error:
        if error.errno or "truncated" not in str(error):
            raise
        opened, other = (
            _open("image/jpeg", source, send, ending) for ending in (END_OF_IMAGE, ANYTHING + END_OF_IMAGE)
        )
        if opened.picture.tobytes() != other.picture.tobytes():
            raise
        return opened


def _open(content_type: str, source: Path, send: Send, ending: bytes = b"") -> Opened:
    """Decode the file as if it ended with these bytes too, which only a JPEG can."""
    with CountedFile(source, send) as file, Image.open(file, formats=[FORMATS[content_type]]) as image:
        if ending:
            _append(image, ending)
        _scale_key(image)
        orientation = orientation_of(image)
        width, height = reversed(image.size) if orientation >= 5 else image.size
        fitting = max(1, min(width, WEBP_MAX * width // height))
        widths = sorted({min(fitting, wanted) for wanted in WIDTHS}, reverse=True)
        raw_size = scaled(image.size, widths[0] / width)
        image.draft("RGB", raw_size)
        small = scalable(image).resize(raw_size, Image.Resampling.LANCZOS)
        moves = movement(image) if content_type in MOVING else {}
        file.say_how_far()
    picture = to_srgb(small.transpose(TURNS[orientation]) if orientation in TURNS else small)
    return Opened(picture, width, height, widths, moves)


def _append(image: Any, ending: bytes) -> None:
    """Let the decoder read these bytes after the file's last."""
    read, rest = image.load_read, [ending]
    image.load_read = lambda size: read(size) or (rest.pop() if rest else b"")


def orientation_of(image: Image.Image) -> int:
    """As its EXIF has it, 1 to 8; 1, upright, if that is broken or senseless."""
    orientation = None
    with suppress(Exception):
        orientation = image.getexif().get(ORIENTATION)
    return orientation if orientation in TURNS else 1


def save(picture: Image.Image, path: Path, page: int = 1) -> dict[str, Any]:
    """Encode it; gives the words on it."""
    picture.save(path, "WEBP", quality=QUALITY)
    return {"file": path.name, "page": page, "width": picture.width, "height": picture.height}


def scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Width and height times scale, in pixels that a WebP can have: at least one, and not too many."""
    width, height = (min(WEBP_MAX, max(1, round(side * scale))) for side in size)
    return width, height


def movement(image: Image.Image) -> dict[str, Any]:
    """What there is to say of a picture that has more than one frame. To count them may mean to read them all."""
    frames = 1
    with suppress(Exception):  # the first frame is there, and later ones that are broken don't take it away
        frames = getattr(image, "n_frames", 1)
    return {"animated": True, "frames": frames} if frames > 1 else {}


def scalable(image: Image.Image) -> Image.Image:
    """The picture in a mode whose values can be averaged: a palette's numbers can't, 16 bits are cut to 8.

    A colour that stands for transparency becomes an alpha channel, since averaged colours no longer match it.
    """
    if image.mode.startswith("I"):
        grey = image.point(lambda value: value / 256).convert("L")
        if (key := image.info.get("transparency")) is None:
            return grey
        return Image.merge("LA", (grey, _all_but(image, key)))
    if image.mode in ("1", "P", "PA"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode in ("L", "RGB") and "transparency" in image.info:
        return image.convert("LA" if image.mode == "L" else "RGBA")
    return image


def _scale_key(image: Image.Image) -> None:
    """Bring the transparent colour, which is as the file has it, to the 8 bits of pixels that have been loaded."""
    key, kind = image.info.get("transparency"), image.tile[0].args if image.tile else ""  # type: ignore[attr-defined]
    if isinstance(key, int) and kind in GREY_SCALES:
        image.info["transparency"] = key * GREY_SCALES[kind]
    elif isinstance(key, tuple) and kind == "RGB;16B":
        image.info["transparency"] = tuple(value >> 8 for value in key)


def _all_but(image: Image.Image, key: int) -> Image.Image:
    """The alpha channel of a picture with 16 bits a pixel, of which the value `key` is transparent."""
    image.load()
    values = image.tobytes("raw", "I;16")
    lower, upper = (Image.frombytes("L", image.size, values[start::2]) for start in (0, 1))
    is_key = [
        part.point(lambda value, wanted=byte: 255 * (value == wanted))
        for part, byte in ((lower, key & 255), (upper, key >> 8))
    ]
    return ImageChops.invert(ImageChops.darker(*is_key))


def to_srgb(image: Image.Image) -> Image.Image:
    """The picture's colours in sRGB, with transparency if it has any, and without metadata."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    alpha = image.convert("RGBA").getchannel("A") if mode == "RGBA" else None
    if profile := image.info.get("icc_profile"):
        image = by_profile(image, profile)
    elif (gamma := image.info.get("gamma")) and "srgb" not in image.info:
        image = by_gamma(image.convert(mode), gamma)
    plain = Image.new(mode, image.size)
    plain.paste(image.convert(mode))
    if alpha:
        plain.putalpha(alpha)
    return plain


def by_gamma(image: Image.Image, gamma: float) -> Image.Image:
    """Its colours with the gamma of sRGB, as browsers do it: not if the difference is slight."""
    exponent = 1 / (gamma * SCREEN_GAMMA)
    if abs(exponent - 1) <= SLIGHT_GAMMA:
        return image
    table = [round(255 * (value / 255) ** exponent) for value in range(256)]
    return image.point(table * 3 + (list(range(256)) if image.mode == "RGBA" else []))


def by_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """Its colours as the profile says, in sRGB; as they are if that is broken, which beats no picture."""
    from PIL import ImageCms

    opaque = image
    if image.mode not in ("RGB", "CMYK", "L"):
        opaque = image.convert("L" if image.mode == "LA" else "RGB")
    with suppress(ImageCms.PyCMSError, OSError):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        opaque = ImageCms.profileToProfile(opaque, source, ImageCms.createProfile("sRGB"), outputMode="RGB") or opaque
    return opaque
