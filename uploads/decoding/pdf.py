"""In the decoder's process: PDFs. The first pages are drawn, each as large as it will be shown, however large it is."""

from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image
from pypdfium2 import raw

from uploads.decoding.protocol import DecodeError, Send
from uploads.decoding.raster import save, scaled

PAGES_SHOWN = 20
WIDTH = 960
THUMBNAIL_WIDTH = 320
"""Of the first page alone, which lists of files show."""

MAX_HEIGHT = 4 * WIDTH
"""Of a picture of a page, in pixels: what is taller is drawn less wide."""

LOCKED = (
    "The PDF is protected by a password, so its pages can't be shown. The file itself is kept. "
    "To see them here, save it without a password, and send that."
)
UNREADABLE = "No preview: the file is damaged or cut short. The file itself is kept."
NEEDS_A_PASSWORD = (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)


def make_renditions(content_type: str, source: Path, directory: Path, send: Send) -> None:
    """Draw one page after the other; one that can't be drawn gets no picture. Raises DecodeError."""
    try:
        document = pypdfium2.PdfDocument(source)
        document.init_forms()  # so that what was filled in is drawn too
    except pypdfium2.PdfiumError as error:
        if error.err_code in NEEDS_A_PASSWORD:
            raise DecodeError("encrypted_pdf", LOCKED) from error
        raise DecodeError("unreadable_pdf", UNREADABLE) from error
    pages = len(document)
    shown = min(pages, PAGES_SHOWN)
    send({"metadata": {"pages": pages}, "total": shown})
    for number in range(1, shown + 1):
        send({"made": _make_page(document, number, directory)})
    document.close()


def _make_page(document: pypdfium2.PdfDocument, number: int, directory: Path) -> list[dict[str, Any]]:
    """The words on its files."""
    try:
        picture = draw(document[number - 1])
    except (pypdfium2.PdfiumError, ArithmeticError, ValueError):
        return []
    wanted = [WIDTH, THUMBNAIL_WIDTH] if number == 1 else [WIDTH]
    made = []
    for width in sorted({min(width, picture.width) for width in wanted}, reverse=True):
        picture = picture.resize(scaled(picture.size, width / picture.width), Image.Resampling.LANCZOS)
        made.append(save(picture, directory / f"page-{number}-{width}.webp", page=number))
    return made


def draw(page: pypdfium2.PdfPage) -> Image.Image:
    """The page on white, WIDTH pixels wide if that makes it not too tall."""
    size = page.get_size()
    width, height = scaled(size, min(WIDTH / size[0], MAX_HEIGHT / size[1]))
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    where = (0, 0, width, height, 0)
    raw.FPDF_RenderPageBitmap(bitmap, page, *where, raw.FPDF_ANNOT)
    if page.formenv:
        raw.FPDF_FFLDraw(page.formenv, bitmap, page, *where, raw.FPDF_ANNOT)
    return bitmap.to_pil()
