"""Decoder of pictures: scales them down to WebP. Of an animation, only the first frame is used."""

import io
import time
import warnings
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageChops, WebPImagePlugin  # noqa: F401  # else Pillow imports all plugins to find WebP's

from uploads.decoding.protocol import DecodeError, Send

WIDTHS = (1920, 960, 320)
QUALITY = 80
MAX_PIXELS = 200_000_000
READ_INTERVAL = 0.1
"""Seconds between two messages about the bytes read."""

FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/heic": "HEIF",
}
ANIMATED_TYPES = {"image/png", "image/gif", "image/webp", "image/avif"}
"""Types whose frames are an animation. In HEIC and JPEG they are separate pictures."""

ORIENTATION = 0x0112
TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation → operation that makes the picture upright (EXIF 2.32, 4.6.4.A). From 5 on, the sides swap."""

EXIF_DIRECTORY, TIME_TAKEN = 0x8769, 0x9003
"""The EXIF tag DateTimeOriginal, and that of the directory which contains it (EXIF 2.32, 4.6.5.F)."""

GREY_SCALES = {"L;2": 85, "L;4": 17}
"""Pillow's raw mode of 2 and 4 bits → factor that scales its values to 8 bits."""

SCREEN_GAMMA = 2.2
SLIGHT_GAMMA = 0.05
"""The values of libpng."""

WEBP_MAX_SIDE = 16383
"""The limit of the WebP format, in pixels."""

UNREADABLE = "No preview: the file is damaged or incomplete. The file itself is kept."

END_OF_IMAGE = b"\xff\xd9"
FILLER = b"\0" + b"\x55\xaa" * 65536
"""Bytes that a JPEG decoder would decode to pixels, if any were missing."""
TOO_LARGE = f"No preview: the picture has more than {MAX_PIXELS // 10**6} million pixels. The file itself is kept."


class CountedFile(io.BufferedReader):
    """A file that reports how far it has been read: the farthest position, because decoders seek back and forth."""

    def __init__(self, source: Path, send: Send) -> None:
        super().__init__(io.FileIO(source))
        self._send = send
        self._reported_at = time.monotonic()
        self._farthest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if data and time.monotonic() - self._reported_at >= READ_INTERVAL:
            self.report()
        return data

    def report(self) -> None:
        self._farthest = max(self._farthest, self.tell())
        self._reported_at = time.monotonic()
        self._send({"read": self._farthest})


def make_renditions(content_type: str, source: Path, directory: Path, send: Send) -> None:
    """Decode once, at the smallest sufficient size, and scale each rendition from the one before.

    Raise DecodeError and OSError.
    """
    _prepare(content_type)
    try:
        _make_renditions(content_type, source, directory, send)
    except MemoryError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DecodeError("picture_too_large", TOO_LARGE) from error
    except Exception as error:  # decoders raise exceptions of all kinds for damaged data
        if isinstance(error, OSError) and error.errno:
            raise  # a full disk for example, which is not the file's fault
        raise DecodeError("unreadable_picture", UNREADABLE) from error


def _prepare(content_type: str) -> None:
    """Limit decoders to one thread: more would need more memory, and cores that other jobs use."""
    if content_type == "image/heic":
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener()
    if content_type == "image/avif":
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def _make_renditions(content_type: str, source: Path, directory: Path, send: Send) -> None:
    opened = _open_jpeg(source, send) if content_type == "image/jpeg" else _open(content_type, source, send)
    picture, width = opened.picture, opened.width
    send({"metadata": {"width": width, "height": opened.height, **opened.metadata}, "total": len(opened.widths)})
    for target in opened.widths:
        picture = picture.resize(scaled((width, opened.height), target / width), Image.Resampling.LANCZOS)
        send({"made": [save(picture, directory / f"{target}.webp")]})


class Opened(NamedTuple):
    """A decoded picture, upright and in sRGB, scaled to the largest rendition. The other fields describe the file."""

    picture: Image.Image
    width: int
    height: int
    widths: list[int]
    metadata: dict[str, Any]


def _open_jpeg(source: Path, send: Send) -> Opened:
    """Open a JPEG that may lack its end marker, but no pixels.

    If pixels are missing, they depend on the bytes after the end of the file, so two different endings are compared.
    """
    try:
        return _open("image/jpeg", source, send)
    except OSError as error:
        if error.errno or "truncated" not in str(error):
            raise
        opened, other = (_open("image/jpeg", source, send, ending) for ending in (END_OF_IMAGE, FILLER + END_OF_IMAGE))
        if opened.picture.tobytes() != other.picture.tobytes():
            raise
        return opened


def _open(content_type: str, source: Path, send: Send, ending: bytes = b"") -> Opened:
    """Decode the file with these bytes appended, which is only possible for a JPEG."""
    with CountedFile(source, send) as file, Image.open(file, formats=[FORMATS[content_type]]) as image:
        if ending:
            _append(image, ending)
        _scale_key(image)
        orientation = orientation_of(image)
        width, height = reversed(image.size) if orientation >= 5 else image.size
        max_width = max(1, min(width, WEBP_MAX_SIDE * width // height))
        widths = sorted({min(max_width, target) for target in WIDTHS}, reverse=True)
        raw_size = scaled(image.size, widths[0] / width)
        image.draft("RGB", raw_size)
        largest = scalable(image).resize(raw_size, Image.Resampling.LANCZOS)
        metadata = time_of(image) | (animation_of(image) if content_type in ANIMATED_TYPES else {})
        file.report()
    picture = to_srgb(largest.transpose(TRANSPOSITIONS[orientation]) if orientation in TRANSPOSITIONS else largest)
    return Opened(picture, width, height, widths, metadata)


def _append(image: Any, ending: bytes) -> None:
    """Make the decoder read these bytes after the end of the file."""
    read, rest = image.load_read, [ending]
    image.load_read = lambda size: read(size) or (rest.pop() if rest else b"")


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8, or 1 (upright) if it is missing or invalid."""
    orientation = None
    with suppress(Exception):
        orientation = image.getexif().get(ORIENTATION)
    return orientation if orientation in TRANSPOSITIONS else 1


def time_of(image: Image.Image) -> dict[str, Any]:
    """Return the time at which a photo was taken as metadata, without a time zone. It is empty if unknown."""
    with suppress(Exception):
        date, _, time_of_day = str(image.getexif().get_ifd(EXIF_DIRECTORY)[TIME_TAKEN]).partition(" ")
        return {"taken": datetime.fromisoformat(f"{date.replace(':', '-')}T{time_of_day}").isoformat()}
    return {}


def save(picture: Image.Image, path: Path, page: int = 1) -> dict[str, Any]:
    """Encode the picture. Return its entry for the message about renditions."""
    picture.save(path, "WEBP", quality=QUALITY)
    return {"file": path.name, "page": page, "width": picture.width, "height": picture.height}


def scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Return width and height times scale, each limited to what WebP supports."""
    width, height = (min(WEBP_MAX_SIDE, max(1, round(side * scale))) for side in size)
    return width, height


def animation_of(image: Image.Image) -> dict[str, Any]:
    """Return the metadata of an animation, or none for a still picture. Counting frames may read the whole file."""
    frames = 1
    with suppress(Exception):  # damaged later frames don't matter, since only the first is used
        frames = getattr(image, "n_frames", 1)
    return {"animated": True, "frames": frames} if frames > 1 else {}


def scalable(image: Image.Image) -> Image.Image:
    """Convert to a mode whose values can be averaged: not palette indices, and 8 bits instead of 16.

    A transparent colour becomes an alpha channel, because averaged colours would no longer match it.
    """
    if image.mode.startswith("I"):
        grey = image.point(lambda value: value / 256).convert("L")
        if (key := image.info.get("transparency")) is None:
            return grey
        return Image.merge("LA", (grey, _alpha_from_key(image, key)))
    if image.mode in ("1", "P", "PA"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode in ("L", "RGB") and "transparency" in image.info:
        return image.convert("LA" if image.mode == "L" else "RGBA")
    return image


def _scale_key(image: Image.Image) -> None:
    """Convert the transparent colour from the bit depth of the file to the 8 bits of loaded pixels."""
    key, kind = image.info.get("transparency"), image.tile[0].args if image.tile else ""  # type: ignore[attr-defined]
    if isinstance(key, int) and kind in GREY_SCALES:
        image.info["transparency"] = key * GREY_SCALES[kind]
    elif isinstance(key, tuple) and kind == "RGB;16B":
        image.info["transparency"] = tuple(value >> 8 for value in key)


def _alpha_from_key(image: Image.Image, key: int) -> Image.Image:
    """Return the alpha channel of a picture with 16 bits per pixel, in which the value `key` is transparent."""
    image.load()
    values = image.tobytes("raw", "I;16")
    lower, upper = (Image.frombytes("L", image.size, values[start::2]) for start in (0, 1))
    is_key = [
        part.point(lambda value, expected=byte: 255 * (value == expected))
        for part, byte in ((lower, key & 255), (upper, key >> 8))
    ]
    return ImageChops.invert(ImageChops.darker(*is_key))


def to_srgb(image: Image.Image) -> Image.Image:
    """Convert to sRGB, with transparency if there is any, and without metadata."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    alpha = image.convert("RGBA").getchannel("A") if mode == "RGBA" else None
    if profile := image.info.get("icc_profile"):
        image = _apply_profile(image, profile)
    elif (gamma := image.info.get("gamma")) and "srgb" not in image.info:
        image = _apply_gamma(image.convert(mode), gamma)
    result = Image.new(mode, image.size)
    result.paste(image.convert(mode))
    if alpha:
        result.putalpha(alpha)
    return result


def _apply_gamma(image: Image.Image, gamma: float) -> Image.Image:
    """Convert to the gamma of sRGB. Like browsers, ignore a slight difference."""
    exponent = 1 / (gamma * SCREEN_GAMMA)
    if abs(exponent - 1) <= SLIGHT_GAMMA:
        return image
    table = [round(255 * (value / 255) ** exponent) for value in range(256)]
    return image.point(table * 3 + (list(range(256)) if image.mode == "RGBA" else []))


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert from the colour profile to sRGB. With a damaged profile, leave the colours unchanged."""
    from PIL import ImageCms

    opaque = image
    if image.mode not in ("RGB", "CMYK", "L"):
        opaque = image.convert("L" if image.mode == "LA" else "RGB")
    with suppress(ImageCms.PyCMSError, OSError):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        opaque = ImageCms.profileToProfile(opaque, source, ImageCms.createProfile("sRGB"), outputMode="RGB") or opaque
    return opaque
