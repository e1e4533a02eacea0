"""Streaming reader of JSON documents of any length, with line numbers."""

import json
import re
from collections.abc import Container, Iterator
from typing import Any, BinaryIO

from todos.formats.parsing.rows import UnreadableFile
from todos.formats.parsing.text import read_blocks

MAX_VALUE_LENGTH = 500_000
"""Maximum characters of one value. One escaped character takes up to twelve."""

DECODER = json.JSONDecoder()
SPACE = re.compile(r"[ \t\n]*")


class JsonSource:
    """A JSON document and the current position in it. All methods but `peek` raise UnreadableFile if it is invalid."""

    def __init__(self, file: BinaryIO) -> None:
        self.blocks = read_blocks(file)
        self.text = ""
        self.position = 0
        self.line = 1
        self.characters_read = 0

    def peek(self) -> str:
        """Return the next character that is not whitespace, or an empty string at the end."""
        while True:
            self._move_to(SPACE.match(self.text, self.position).end())  # type: ignore[union-attr]  # it always matches
            if self.position < len(self.text):
                return self.text[self.position]
            if not self._read_block():
                return ""

    def value(self) -> Any:
        """Read and return the next value."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.position)
            except RecursionError:
                raise self.nesting_error() from None
            except ValueError:
                end = len(self.text)
            if end < len(self.text):  # else the value may continue in the next block
                self._move_to(end)
                return value
            if end - self.position > MAX_VALUE_LENGTH or not self._read_block():
                raise self._syntax_error()

    def elements(self) -> Iterator[int]:
        """Yield the line of each value of an array. The caller must read the value before continuing."""
        for _ in self._members("[", "]"):
            yield self.line

    def members(self, streamed: Container[str]) -> Iterator[tuple[str, Any]]:
        """Yield names and values of an object. For a streamed array, yield None: the caller must read the array."""
        length = 0
        for name in self.names():
            if name in streamed and self.peek() == "[":
                yield name, None
                continue
            start = self.characters_read
            yield name, self.value()
            length += self.characters_read - start
            if length > MAX_VALUE_LENGTH:
                raise self._syntax_error()

    def names(self) -> Iterator[str]:
        """Yield the names of an object. The caller must read the value before continuing."""
        for _ in self._members("{", "}"):
            name = self.value()
            if not isinstance(name, str):
                raise self._syntax_error()
            self._take(":")
            yield name

    def _members(self, opening: str, closing: str) -> Iterator[None]:
        self._take(opening)
        if self.peek() != closing:
            yield
            while self.peek() == ",":
                self._take(",")
                self.peek()
                yield
        self._take(closing)

    def _take(self, character: str) -> None:
        if self.peek() != character:
            raise self._syntax_error()
        self._move_to(self.position + 1)

    def _move_to(self, position: int) -> None:
        self.line += self.text.count("\n", self.position, position)
        self.characters_read += position - self.position
        self.position = position

    def _read_block(self) -> bool:
        """Read the next block and drop the text before the position. Return False at the end of the file."""
        block = next(self.blocks, None)
        self.text, self.position = self.text[self.position :] + (block or ""), 0
        return block is not None

    def nesting_error(self) -> UnreadableFile:
        return UnreadableFile(f"The value that starts on line {self.line} is nested too deeply. Remove it.")

    def _syntax_error(self) -> UnreadableFile:
        return UnreadableFile(
            f"The value that starts on line {self.line} is incomplete, not valid JSON, or longer than "
            f"{MAX_VALUE_LENGTH:,} characters. Correct it or export the list again."
        )
