"""Whether a text shows anything on a screen: names and titles that don't can neither be read nor clicked."""

import unicodedata

SHOWS_NOTHING = {"Cc", "Cf", "Cs", "Mc", "Me", "Mn", "Zl", "Zp", "Zs"}
"""Categories of characters that show nothing by themselves; marks need a letter to be put on."""

PREPENDED_MARKS = set(range(0x600, 0x606)) | {0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Format characters that are visible nonetheless."""

FILLERS = {0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0, 0x1D159, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)}
"""Characters of other categories that show nothing: fillers of Hangul, the blank of Braille, some unassigned ones."""


def is_visible(text: str) -> bool:
    return any(map(_is_visible, text))


def _is_visible(character: str) -> bool:
    code = ord(character)
    if unicodedata.category(character) in SHOWS_NOTHING:
        return code in PREPENDED_MARKS
    return code not in FILLERS
