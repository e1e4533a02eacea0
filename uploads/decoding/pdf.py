"""Decoder of PDFs. Renders the first pages, each at the size of its rendition, whatever the size of the page."""

from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image
from pypdfium2 import raw

from uploads.decoding.protocol import DecodeError, Send
from uploads.decoding.raster import save, scaled

MAX_PAGES = 20
WIDTH = 960
THUMBNAIL_WIDTH = 320
"""The width of the second rendition of the first page, for lists of files."""

MAX_HEIGHT = 4 * WIDTH
"""In pixels. A page that would be taller is rendered at a smaller width."""

ENCRYPTED = (
    "This PDF is protected by a password, so there is no preview. The file itself is kept. "
    "To see its pages here, save it without a password and upload that."
)
UNREADABLE = "No preview: the file is damaged or incomplete. The file itself is kept."
PASSWORD_ERRORS = (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)


def make_renditions(content_type: str, source: Path, directory: Path, send: Send) -> None:
    """Render the pages one by one. A page that can't be rendered gets no rendition. Raise DecodeError."""
    try:
        document = pypdfium2.PdfDocument(source)
        document.init_forms()  # renders the values of form fields
    except pypdfium2.PdfiumError as error:
        if error.err_code in PASSWORD_ERRORS:
            raise DecodeError("encrypted_pdf", ENCRYPTED) from error
        raise DecodeError("unreadable_pdf", UNREADABLE) from error
    pages = len(document)
    shown = min(pages, MAX_PAGES)
    send({"metadata": {"pages": pages}, "total": shown})
    for number in range(1, shown + 1):
        send({"made": _make_page(document, number, directory)})
    document.close()


def _make_page(document: pypdfium2.PdfDocument, number: int, directory: Path) -> list[dict[str, Any]]:
    try:
        picture = render(document[number - 1])
    except (pypdfium2.PdfiumError, ArithmeticError, ValueError):
        return []
    widths = [WIDTH, THUMBNAIL_WIDTH] if number == 1 else [WIDTH]
    made = []
    for width in sorted({min(width, picture.width) for width in widths}, reverse=True):
        picture = picture.resize(scaled(picture.size, width / picture.width), Image.Resampling.LANCZOS)
        made.append(save(picture, directory / f"page-{number}-{width}.webp", page=number))
    return made


def render(page: pypdfium2.PdfPage) -> Image.Image:
    """Render the page on white, WIDTH pixels wide, or less if the page is very tall."""
    size = page.get_size()
    width, height = scaled(size, min(WIDTH / size[0], MAX_HEIGHT / size[1]))
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    area = (0, 0, width, height, 0)
    raw.FPDF_RenderPageBitmap(bitmap, page, *area, raw.FPDF_ANNOT)
    if page.formenv:
        raw.FPDF_FFLDraw(page.formenv, bitmap, page, *area, raw.FPDF_ANNOT)
    picture: Image.Image = bitmap.to_pil()
    return picture
