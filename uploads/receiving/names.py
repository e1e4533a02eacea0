"""File names chosen by users: stored for display, never used as a path."""

import unicodedata
from pathlib import PurePosixPath

from uploads.visible import is_visible

MAX_LENGTH = 255
UNNAMED = "unnamed"

FORBIDDEN_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
"""Control characters, lone surrogates, line and paragraph separators. Format characters stay, because emoji use one."""

BIDI_CONTROLS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Characters that reverse the direction of text, so that "exe.gpj" is shown as "jpg.exe"."""


def clean_name(name: str | None) -> str:
    """Return the last part of the path as one line of at most MAX_LENGTH characters, with its extension."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    cleaned = "".join(
        character
        for character in last
        if unicodedata.category(character) not in FORBIDDEN_CATEGORIES and character not in BIDI_CONTROLS
    ).strip()
    if cleaned.strip(".") == "" or not is_visible(cleaned):
        return UNNAMED
    if len(cleaned) > MAX_LENGTH:
        extension = PurePosixPath(cleaned).suffix[:20]
        cleaned = cleaned[: MAX_LENGTH - len(extension)] + extension
    return cleaned
