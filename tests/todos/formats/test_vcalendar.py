"""vCalendar 1.0, the predecessor of iCalendar, whose texts are often encoded as QUOTED-PRINTABLE."""

from datetime import UTC, date, datetime

import pytest

from tests.todos.formats.helpers import calendar, read, read_case
from todos.formats import BadRow


def test_vcalendar_file_is_read():
    encoded, plain = read_case("vcal1.ics")
    assert (encoded.title, encoded.notes) == ("Käse kaufen", "Zeile eins\r\nZeile zwei")
    assert (encoded.due_on, encoded.completed_at, encoded.left_out) == (date(2026, 12, 31), None, ("time “09:00”",))
    assert (plain.title, plain.completed_at) == ("Plain", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("summary", "title"),
    [
        ("SUMMARY;QUOTED-PRINTABLE:K=C3=A4se", "Käse"),
        ("SUMMARY;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:K=E4se", "Käse"),
        ("SUMMARY;ENCODING=QUOTED-PRINTABLE:one=\n=20two=\nthree", "one twothree"),
        ("SUMMARY;ENCODING=QUOTED-PRINTABLE:ends=\n=\n", "ends"),
        ("SUMMARY:1=C3=A4 is no code=", "1=C3=A4 is no code="),
    ],
)
def test_quoted_printable_text_is_decoded(summary, title):
    (row,) = read("ics", f"BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VTODO\n{summary}\nEND:VTODO\nEND:VCALENDAR\n")
    assert row.title == title


@pytest.mark.parametrize("charset", ["punycode", "unicode_escape", "utf-7", "x"])
def test_disallowed_charset_is_a_bad_row(charset):
    (row,) = read("ics", calendar(f"SUMMARY;CHARSET={charset};ENCODING=QUOTED-PRINTABLE:K=E4se"))
    assert isinstance(row, BadRow)
