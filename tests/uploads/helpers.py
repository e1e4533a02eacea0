"""Processing an upload, and looking at what came of it."""

import io
from pathlib import Path

from PIL import Image

from tests.helpers import file, run_queue
from uploads.models import Rendition, Upload
from uploads.receiving import ingest


def process(owner, content: bytes, name="photo.jpg") -> Upload:
    """Receive a file and do its job, with the real decoder process."""
    upload = ingest.create_upload(owner, file(content, name))
    run_queue()
    upload.refresh_from_db()
    return upload


def open_rendition(rendition: Rendition) -> Image.Image:
    return Image.open(io.BytesIO(bytes_of(rendition)))


def bytes_of(rendition: Rendition) -> bytes:
    return Path(rendition.file.path).read_bytes()


def encoded(image: Image.Image, format: str = "PNG", **how) -> bytes:
    content = io.BytesIO()
    image.save(content, format, **how)
    return content.getvalue()


def is_red(image: Image.Image, x: float, y: float) -> bool:
    """At that place, from 0 to 1 in each direction."""
    red, _, blue = image.getpixel((int(image.width * x), int(image.height * y)))
    return red > blue


class Silent:
    """Progress that nobody watches."""

    def stage(self, *args, **kwargs): ...
    def advance(self, n=1): ...
