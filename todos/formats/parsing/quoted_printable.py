"""QUOTED-PRINTABLE in the lines of a vCalendar 1.0: "SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:K=C3=A4se"."""

import quopri
import re
from collections.abc import Mapping, Sequence

HEAD = re.compile(r"[^:]{1,200}?;(?P<name>ENCODING=)?QUOTED-PRINTABLE[:;]", re.IGNORECASE)
CHARSETS = {"us-ascii", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"}
"""Those that calendars are written in. Any other would let the file choose a codec, some of which are slow."""


def goes_on(parts: Sequence[str]) -> bool:
    """Whether the line that begins with these parts goes on in the next one: it ends with "=" and is encoded."""
    return bool(parts) and parts[-1].endswith("=") and HEAD.match(parts[0]) is not None


def named(line: str) -> str:
    """Return the line with the parameter ENCODING named, which vCalendar 1.0 lets out."""
    found = HEAD.match(line)
    if found is None or found["name"]:
        return line
    return re.sub("QUOTED-PRINTABLE", "ENCODING=QUOTED-PRINTABLE", line, count=1, flags=re.IGNORECASE)


def decoded(value: str, params: Mapping[str, str]) -> str:
    """Return the value as text, if these parameters say that it is encoded. Raises ValueError."""
    if str(params.get("ENCODING", "")).upper() != "QUOTED-PRINTABLE":
        return value
    charset = str(params.get("CHARSET", "utf-8")).lower()
    if charset not in CHARSETS:
        raise ValueError(f"unknown charset {charset}")
    return quopri.decodestring(value.encode()).decode(charset)
