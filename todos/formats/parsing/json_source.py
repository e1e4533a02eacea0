"""Streaming reader of JSON documents of any length, with line numbers."""

import json
import re
from collections.abc import Container, Iterator
from typing import Any, BinaryIO

from todos.formats.parsing.rows import UnreadableFile
from todos.formats.parsing.text import blocks

MAX_VALUE_LENGTH = 500_000
"""Maximum characters of one value. One escaped character takes up to twelve."""

DECODER = json.JSONDecoder()
SPACE = re.compile(r"[ \t\n]*")


class JsonSource:
    """A position in a JSON document. All methods but `peek` raise UnreadableFile at unexpected content."""

    def __init__(self, file: BinaryIO) -> None:
        self.blocks = blocks(file)
        self.text = ""
        self.at = 0
        self.line = 1
        self.passed = 0
        """Number of characters read so far."""

    def peek(self) -> str:
        """Return the next character that is not whitespace, or an empty string at the end."""
        while True:
            self._go_to(SPACE.match(self.text, self.at).end())  # type: ignore[union-attr]  # it matches anywhere
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._read_on():
                return ""

    def value(self) -> Any:
        """Read and return the next value."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.at)
            except RecursionError:
                raise self.too_deep() from None
            except ValueError:
                end = len(self.text)
            if end < len(self.text):  # else the value may continue in the next block
                self._go_to(end)
                return value
            if end - self.at > MAX_VALUE_LENGTH or not self._read_on():
                raise self._broken()

    def elements(self) -> Iterator[int]:
        """Yield the line of each value of an array. The caller must read the value before continuing."""
        for _ in self._members("[", "]"):
            yield self.line

    def members(self, streamed: Container[str]) -> Iterator[tuple[str, Any]]:
        """Yield names and values of an object. For streamed arrays, yield None: the caller must read the array."""
        taken = 0
        for name in self.names():
            if name in streamed and self.peek() == "[":
                yield name, None
                continue
            before = self.passed
            yield name, self.value()
            taken += self.passed - before
            if taken > MAX_VALUE_LENGTH:
                raise self._broken()

    def names(self) -> Iterator[str]:
        """Yield the names of an object. The caller must read the value before continuing."""
        for _ in self._members("{", "}"):
            name = self.value()
            if not isinstance(name, str):
                raise self._broken()
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
            raise self._broken()
        self._go_to(self.at + 1)

    def _go_to(self, place: int) -> None:
        self.line += self.text.count("\n", self.at, place)
        self.passed += place - self.at
        self.at = place

    def _read_on(self) -> bool:
        """Read another block and drop the text before the position. Return False at the end of the file."""
        block = next(self.blocks, None)
        self.text, self.at = self.text[self.at :] + (block or ""), 0
        return block is not None

    def too_deep(self) -> UnreadableFile:
        return UnreadableFile(f"What begins in line {self.line} is nested too deeply. Leave it out.")

    def _broken(self) -> UnreadableFile:
        return UnreadableFile(
            f"What begins in line {self.line} is incomplete, not valid JSON, or longer than {MAX_VALUE_LENGTH} "
            "characters. Export the list again, or correct it there."
        )
