"""A check whether a text has any visible character: users can't read or click a name without one."""

import unicodedata

INVISIBLE_CATEGORIES = {"Cc", "Cf", "Cs", "Mc", "Me", "Mn", "Zl", "Zp", "Zs"}
"""Categories of characters that are invisible by themselves. Marks are only visible on a letter."""

PREPENDED_MARKS = set(range(0x600, 0x606)) | {0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Format characters that are visible."""

FILLERS = {0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0, 0x1D159, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)}
"""Invisible characters of other categories: Hangul fillers, the blank Braille pattern, some unassigned code points."""


def is_visible(text: str) -> bool:
    return any(map(_is_visible, text))


def _is_visible(character: str) -> bool:
    code = ord(character)
    if unicodedata.category(character) in INVISIBLE_CATEGORIES:
        return code in PREPENDED_MARKS
    return code not in FILLERS
