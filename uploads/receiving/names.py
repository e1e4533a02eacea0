"""The name that a user gave a file: kept to be shown, never used as a path."""

import unicodedata
from pathlib import PurePosixPath

from uploads.visible import is_visible

MAX_LENGTH = 255
UNNAMED = "unnamed"

# Controls, lone surrogates, line and paragraph separators; and the format characters that turn text around, by
# which "exe.gpj" can be shown as "jpg.exe". Other format characters stay: emoji are joined with one.
FORBIDDEN_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
TURNS_TEXT_AROUND = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def clean_name(name: str | None) -> str:
    """The last part of a path as one harmless line of at most 255 characters, its extension kept."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(
        character
        for character in last
        if unicodedata.category(character) not in FORBIDDEN_CATEGORIES and character not in TURNS_TEXT_AROUND
    ).strip()
    if shown.strip(".") == "" or not is_visible(shown):
        return UNNAMED
    if len(shown) > MAX_LENGTH:
        extension = PurePosixPath(shown).suffix[:20]
        shown = shown[: MAX_LENGTH - len(extension)] + extension
    return shown
