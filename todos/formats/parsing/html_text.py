"""Conversion of HTML notes to plain text."""

import re
from html.parser import HTMLParser

BLOCKS = {"p", "div", "br", "hr", "tr", "ul", "ol", "li", "pre", "blockquote", "table", *(f"h{n}" for n in range(1, 7))}
HIDDEN = {"script", "style"}
MARKS = {"li": "- "}


def text_of(html: str) -> str:
    """Return the text, with a line for each paragraph and item of a list."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in "".join(parser.parts).split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in HIDDEN
        if tag in BLOCKS:
            self.parts.append("\n" + MARKS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in HIDDEN))
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
