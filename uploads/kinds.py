"""Kinds of files: how each is recognized, which decoder makes its renditions, and what its page shows.

To support another kind, add a Kind to KINDS and a decoder module to `uploads/decoding/`. Files of all other types
are stored as they are. The name and the type that a client states play no part.

The decoder subprocess imports this module, so it must not import Django. Signatures are those of the WHATWG MIME
Sniffing standard, section 6, and for AVIF and HEIC the brands of ISO/IEC 23008-12, section 10.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SNIFFED_BYTES = 4096
"""How many bytes of the beginning of a file `sniff` needs."""

AVIF_BRANDS = {b"avif", b"avis"}
HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"}

PDF_HEADER = re.compile(rb"%PDF-[0-9]\.[0-9]")
PDF_HEADER_BYTES = 1024
"""PDF readers search these bytes for the header (ISO 32000-1, Annex H, note 13)."""

Recogniser = Callable[[bytes], bool]
"""Returns whether a file that begins with these bytes is of a certain type."""


def starts_with(*signatures: bytes) -> Recogniser:
    return lambda head: head.startswith(signatures)


def is_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def has_brand(brands: set[bytes]) -> Recogniser:
    """Return a recognizer of files in the HEIF container whose first known brand is one of `brands`."""
    return lambda head: _first_known_brand(head) in brands


def _first_known_brand(head: bytes) -> bytes | None:
    """Look at the major brand first and then at the compatible ones, because some phones write "mif1" as the major."""
    if head[4:8] != b"ftyp":
        return None
    length = min(int.from_bytes(head[:4]), len(head))
    brands = [head[8:12], *(head[start : start + 4] for start in range(16, length - 3, 4))]
    return next((brand for brand in brands if brand in AVIF_BRANDS | HEIC_BRANDS), None)


def is_pdf(head: bytes) -> bool:
    """Return whether a PDF header comes first, or after white space or binary data. A text may mention the header."""
    header = PDF_HEADER.search(head[:PDF_HEADER_BYTES])
    if header is None:
        return head.startswith(b"%PDF-")
    before = head[: header.start()].removeprefix(codecs.BOM_UTF8)
    return not before.strip() or not _is_text(head)


def _is_text(head: bytes) -> bool:
    """Return whether the bytes are UTF-8 without control characters. The last character may be incomplete."""
    if any(byte < 0x20 and byte not in b"\t\n\f\r\x1b" for byte in head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of files that get renditions."""

    content_types: dict[str, Recogniser]

    decoder: str
    """The module in `uploads/decoding/` whose `make_renditions` is called in the decoder subprocess."""

    opening_stage: str
    """What the progress bar shows while the decoder opens the file."""

    rendition_stage: str
    """What the progress bar shows while the decoder makes the renditions, which are counted in `unit`."""

    unit: str

    details: dict[str, str]
    """Label → text of a line on the upload's page, shown if the metadata has all fields of the text."""

    reports_bytes_read: bool = False
    """Whether the decoder reports how far it has read the file while it opens it."""


PICTURE = Kind(
    content_types={
        "image/jpeg": starts_with(b"\xff\xd8\xff"),
        "image/png": starts_with(b"\x89PNG\r\n\x1a\n"),
        "image/gif": starts_with(b"GIF87a", b"GIF89a"),
        "image/webp": is_webp,
        "image/avif": has_brand(AVIF_BRANDS),
        "image/heic": has_brand(HEIC_BRANDS),
    },
    decoder="raster",
    opening_stage="Opening the picture",
    rendition_stage="Making previews",
    unit="pictures",
    details={
        "Dimensions": "{width} × {height}",
        "Taken": "{taken:%-d %b %Y, %H:%M}",
        "Animated": "{frames} frames; the preview shows the first",
    },
    reports_bytes_read=True,
)

PDF = Kind(
    content_types={"application/pdf": is_pdf},
    decoder="pdf",
    opening_stage="Opening the PDF",
    rendition_stage="Making previews of pages",
    unit="pages",
    details={"Pages": "{pages}"},
)

KINDS = (PICTURE, PDF)


def sniff(head: bytes) -> str:
    """Return the content type of a file that begins with these bytes."""
    for kind in KINDS:
        for content_type, recognizes in kind.content_types.items():
            if recognizes(head):
                return content_type
    return "text/plain" if _is_text(head) else "application/octet-stream"


def kind_of(content_type: str) -> Kind | None:
    """Return None if files of this type get no renditions."""
    return next((kind for kind in KINDS if content_type in kind.content_types), None)


def details_of(content_type: str, metadata: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield label and text of each line that the page of such a file shows about its metadata."""
    kind = kind_of(content_type)
    if "taken" in metadata:
        metadata = {**metadata, "taken": datetime.fromisoformat(metadata["taken"])}
    for label, text in kind.details.items() if kind else ():
        try:
            yield label, text.format(**metadata)
        except KeyError:
            continue
