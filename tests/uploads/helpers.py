"""Functions that process an upload and examine its renditions."""

import io
from pathlib import Path

from PIL import Image

from tests.helpers import file, run_queue
from uploads.models import Rendition, Upload
from uploads.receiving import ingest


def process(owner, content: bytes, name="photo.jpg") -> Upload:
    """Create an upload and run its job, with the real decoder subprocess."""
    upload = ingest.create_upload(owner, file(content, name))
    run_queue()
    upload.refresh_from_db()
    return upload


def open_rendition(rendition: Rendition) -> Image.Image:
    return Image.open(io.BytesIO(rendition_bytes(rendition)))


def rendition_bytes(rendition: Rendition) -> bytes:
    return Path(rendition.file.path).read_bytes()


def encode(image: Image.Image, format: str = "PNG", **options) -> bytes:
    content = io.BytesIO()
    image.save(content, format, **options)
    return content.getvalue()


def is_red(image: Image.Image, x: float, y: float) -> bool:
    """Return whether the pixel at this point, from 0 to 1 in each direction, is red rather than blue."""
    red, _, blue = image.getpixel((int(image.width * x), int(image.height * y)))
    return red > blue


class NullProgress:
    """Progress that is not recorded."""

    def stage(self, *args, **kwargs): ...
    def advance(self, n=1): ...
