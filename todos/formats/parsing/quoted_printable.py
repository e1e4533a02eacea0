"""QUOTED-PRINTABLE in the lines of a vCalendar 1.0: "SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:K=C3=A4se"."""

import quopri
import re
from collections.abc import Mapping, Sequence

HEAD = re.compile(r"[^:]{1,200}?;(?P<name>ENCODING=)?QUOTED-PRINTABLE[:;]", re.IGNORECASE)
CHARSETS = {"us-ascii", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"}
"""Allowed charsets. Without this list the file could choose any codec, and some are slow."""


def is_continued(parts: Sequence[str]) -> bool:
    """Return whether the line of these parts is encoded and ends with a soft line break, "="."""
    return bool(parts) and parts[-1].endswith("=") and HEAD.match(parts[0]) is not None


def add_parameter_name(line: str) -> str:
    """Add the parameter name ENCODING, which may be omitted in vCalendar 1.0."""
    match = HEAD.match(line)
    if match is None or match["name"]:
        return line
    return re.sub("QUOTED-PRINTABLE", "ENCODING=QUOTED-PRINTABLE", line, count=1, flags=re.IGNORECASE)


def decode(value: str, params: Mapping[str, str]) -> str:
    """Decode the value if the parameters declare this encoding. Raise ValueError."""
    if str(params.get("ENCODING", "")).upper() != "QUOTED-PRINTABLE":
        return value
    charset = str(params.get("CHARSET", "utf-8")).lower()
    if charset not in CHARSETS:
        raise ValueError(f"unknown charset {charset}")
    return quopri.decodestring(value.encode()).decode(charset)
