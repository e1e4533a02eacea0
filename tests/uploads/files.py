"""PNG and PDF files with contents that common libraries would not write."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(
    width: int, height: int, rows: bytes, *, depth: int = 8, colours: int = 2, interlaced: bool = False, **chunks: bytes
) -> bytes:
    """Return a PNG with these uncompressed rows, whether they match the header or not.

    Each row begins with the number of its filter. `colours` is the colour type, `chunks` are further chunks by type.
    """
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, interlaced)
    further = [(name.encode(), data) for name, data in chunks.items()]
    all_chunks = [(b"IHDR", header), *further, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in all_chunks)


def uniform_png(width: int, height: int) -> bytes:
    """Return a one-colour PNG that is slow to decode but fast to make: all rows are the same compressed block."""
    row = bytes(1 + 3 * width)
    compressor = zlib.compressobj(1, wbits=-15)
    block = compressor.compress(row) + compressor.flush(zlib.Z_FULL_FLUSH)
    checksum = 1
    for _ in range(height):
        checksum = zlib.adler32(row, checksum)
    packed = b"\x78\x01" + block * height + compressor.flush() + struct.pack(">I", checksum)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


RED_AND_BLUE = b"0 0 1 rg 0 0 10000 10000 re f 1 0 0 rg 0 421 297 10000 re f"
"""The content of an A4 page whose top left quarter is red and whose rest is blue."""


def pdf(
    pages: int = 1, size: tuple[float, float] = (595, 842), content: bytes = RED_AND_BLUE, trailer: str = ""
) -> bytes:
    """Return a PDF whose pages all have this content."""
    width, height = size
    kids = " ".join(f"{number} 0 R" for number in range(4, 4 + pages))
    packed = zlib.compress(content)
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Contents 3 0 R>>".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {pages}/Kids[{kids}]>>".encode(),
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
        *[page] * pages,
    ]
    whole, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(whole)
    whole += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    whole += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    whole += f"trailer<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(whole)


def encrypted_pdf() -> bytes:
    """Return an encrypted PDF that no password opens: its O and U entries are arbitrary (ISO 32000-1 §7.6.3)."""
    secret = "A5" * 32
    return pdf(trailer=f"/ID[<{secret}><{secret}>]/Encrypt<</Filter/Standard/V 1/R 2/O<{secret}>/U<{secret}>/P -4>>")
