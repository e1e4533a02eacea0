"""What a file is, by its first bytes: the name and the type that a client claims decide nothing.

Only the types that Headway treats in a way of their own are told apart. Signatures: the WHATWG MIME Sniffing
standard §6; for AVIF and HEIC, the brands of ISO/IEC 23008-12 §10.
"""

import codecs
import re

BYTES_NEEDED = 4096

SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
PDF_HEADER = re.compile(rb"%PDF-[0-9]\.[0-9]")
PDF_HEADER_BYTES = 1024
"""So far from the beginning readers look for it (ISO 32000-1, Annex H, note 13)."""
HEIF_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
}
PICTURE_TYPES = {"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/heic"}
"""The types that pictures are made of."""


def sniff(head: bytes) -> str:
    """The content type of a file that begins with these bytes (4096 are enough)."""
    for signature, content_type in SIGNATURES:
        if head.startswith(signature):
            return content_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _heif(head)
    if _is_pdf(head):
        return "application/pdf"
    return "text/plain" if _is_text(head) else "application/octet-stream"


def _is_pdf(head: bytes) -> bool:
    """Whether it has the header of a PDF, at its beginning or after what is no text. A text may well mention one."""
    header = PDF_HEADER.search(head[:PDF_HEADER_BYTES])
    if header is None:
        return head.startswith(b"%PDF-")
    before = head[: header.start()].removeprefix(codecs.BOM_UTF8)
    return not before.strip() or not _is_text(head)


def _heif(head: bytes) -> str:
    """The first known brand: the major one, then the compatible ones (some phones write "mif1" first)."""
    length = min(int.from_bytes(head[:4]), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))]
    return next((HEIF_BRANDS[brand] for brand in brands if brand in HEIF_BRANDS), "application/octet-stream")


def _is_text(head: bytes) -> bool:
    """UTF-8 without control characters but white space; the last character may be cut off."""
    if any(byte < 0x20 and byte not in b"\t\n\f\r\x1b" for byte in head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True
