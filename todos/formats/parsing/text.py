"""Streamed decoding and encoding of text files.

Files are read as UTF-8, or as UTF-16 if they start with its byte order mark. All line ends become "\\n".
"""

import codecs
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from todos.formats.parsing.rows import MAX_LENGTH, UnreadableFile

BLOCK = 64 * 1024
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def blocks(file: BinaryIO, errors: str = "strict") -> Iterator[str]:
    """Yield the text in blocks of at most 64 Ki characters. Raises UnreadableFile."""
    raw = file.read(BLOCK)
    if b"\0" in raw[:2]:  # UTF-16 without a mark
        raise not_text(1)
    encoding = "utf-16" if raw.startswith(UTF_16_MARKS) else "utf-8-sig"
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(errors), translate=True)
    line = 1
    while raw:
        text = _decode(decoder, raw, line)
        yield text
        line += text.count("\n")
        raw = file.read(BLOCK)
    yield _decode(decoder, b"", line)


def lines(file: BinaryIO, errors: str = "strict") -> Iterator[str]:
    """Yield the lines without their ends. Longer lines are cut to MAX_LENGTH + 1 characters."""
    rest = ""
    for block in blocks(file, errors):
        *whole, rest = (rest + block).split("\n")
        for line in whole:
            yield line[: MAX_LENGTH + 1]
        rest = rest[: MAX_LENGTH + 1]
    if rest:
        yield rest


def encode_blocks(pieces: Iterable[str]) -> Iterator[bytes]:
    """Encode the pieces as UTF-8 and join them: a few large blocks are sent faster than many small ones."""
    waiting: list[str] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= BLOCK:
            yield "".join(waiting).encode()
            waiting, length = [], 0
    if waiting:
        yield "".join(waiting).encode()


def not_text(line: int) -> UnreadableFile:
    remedy = "Save the file as UTF-8 with a text editor, and import it again."
    return UnreadableFile(f"Line {line} is not text in UTF-8. {remedy}")


def _decode(decoder: io.IncrementalNewlineDecoder, raw: bytes, line: int) -> str:
    try:
        return decoder.decode(raw, final=not raw)
    except UnicodeDecodeError as error:
        before = io.StringIO(error.object[: error.start].decode(error.encoding, "replace"), newline=None).read()
        raise not_text(line + before.count("\n")) from None
