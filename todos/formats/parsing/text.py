"""Streamed decoding and encoding of text files.

Files are read as UTF-8, or as UTF-16 if they start with its byte order mark. All line endings become "\\n".
"""

import codecs
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from todos.formats.parsing.rows import MAX_LENGTH, UnreadableFile

BLOCK_SIZE = 64 * 1024
UTF_16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_blocks(file: BinaryIO, errors: str = "strict") -> Iterator[str]:
    """Yield the text in blocks of at most 64 Ki characters. Raise UnreadableFile."""
    raw = file.read(BLOCK_SIZE)
    if b"\0" in raw[:2]:  # UTF-16 without a byte order mark
        raise decoding_error(1)
    encoding = "utf-16" if raw.startswith(UTF_16_BOMS) else "utf-8-sig"
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(errors), translate=True)
    line = 1
    while raw:
        text = _decode(decoder, raw, line)
        yield text
        line += text.count("\n")
        raw = file.read(BLOCK_SIZE)
    yield _decode(decoder, b"", line)


def read_lines(file: BinaryIO, errors: str = "strict") -> Iterator[str]:
    """Yield the lines without line endings. Lines are truncated to MAX_LENGTH + 1 characters."""
    rest = ""
    for block in read_blocks(file, errors):
        *complete, rest = (rest + block).split("\n")
        for line in complete:
            yield line[: MAX_LENGTH + 1]
        rest = rest[: MAX_LENGTH + 1]
    if rest:
        yield rest


def encode_blocks(texts: Iterable[str]) -> Iterator[bytes]:
    """Join the texts to blocks and encode them as UTF-8: a few large blocks are sent faster than many small ones."""
    buffer: list[str] = []
    length = 0
    for text in texts:
        buffer.append(text)
        length += len(text)
        if length >= BLOCK_SIZE:
            yield "".join(buffer).encode()
            buffer, length = [], 0
    if buffer:
        yield "".join(buffer).encode()


def decoding_error(line: int) -> UnreadableFile:
    remedy = "Save the file as UTF-8 in a text editor and import it again."
    return UnreadableFile(f"Line {line} is not text in UTF-8. {remedy}")


def _decode(decoder: io.IncrementalNewlineDecoder, raw: bytes, line: int) -> str:
    try:
        return decoder.decode(raw, final=not raw)
    except UnicodeDecodeError as error:
        before = io.StringIO(error.object[: error.start].decode(error.encoding, "replace"), newline=None).read()
        raise decoding_error(line + before.count("\n")) from None
