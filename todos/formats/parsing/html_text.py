"""Conversion of HTML notes to plain text."""

import re
from html.parser import HTMLParser

BLOCKS = {"p", "div", "br", "hr", "tr", "ul", "ol", "li", "pre", "blockquote", "table", *(f"h{n}" for n in range(1, 7))}
HIDDEN = {"script", "style"}
PREFIXES = {"li": "- "}


def html_to_text(html: str) -> str:
    """Return the text, with one line for each paragraph and list item."""
    parser = _TextParser()
    parser.feed(html)
    parser.close()
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in "".join(parser.parts).split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()


class _TextParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden_depth += tag in HIDDEN
        if tag in BLOCKS:
            self.parts.append("\n" + PREFIXES.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._hidden_depth = max(0, self._hidden_depth - (tag in HIDDEN))
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden_depth:
            self.parts.append(data)
