"""CSV exports of tasks by Microsoft Outlook."""

from datetime import UTC, date, datetime

import pytest

from tests.todos.formats.helpers import NOW, read
from todos.formats import Row, UnreadableFile

pytestmark = pytest.mark.time_machine(NOW, tick=False)

EXPORT = """\
"Subject","Start Date","Due Date","Reminder On/Off","Reminder Date","Date Completed","% Complete",\
"Categories","Notes","Priority","Private","Sensitivity","Status"
"Write report","3/1/2026","3/13/2026","False","3/1/2026","","0","","Two pages","Normal","False","Normal","Not Started"
"Call Ada","","3/4/2026","True","3/4/2026","","0.5","Work","","High","False","Normal","In Progress"
"Pay rent","","","False","","3/2/2026","1","","","Normal","False","Normal","Completed"
"File taxes","","","False","","","1","","","Low","False","Normal","Completed"
"""


def test_outlook_export_is_read():
    assert read("csv", EXPORT) == [
        Row("Write report", "Two pages", date(2026, 3, 13), line=2, left_out=("start “3/1/2026”",)),
        Row(
            "Call Ada",
            "",
            date(2026, 3, 4),
            line=3,
            left_out=("reminder “True”", "tags “Work”", "priority “High”", "status “In Progress”"),
        ),
        Row("Pay rent", completed_at=datetime(2026, 3, 2, tzinfo=UTC), line=4),
        Row("File taxes", completed_at=NOW, line=5, left_out=("priority “Low”",)),
    ]


def test_windows_encoding_error_names_line_and_remedy():
    content = EXPORT.replace("Call Ada", "Call Zoë").replace("\n", "\r\n").encode("cp1252")
    with pytest.raises(UnreadableFile) as error:
        read("csv", content)
    assert str(error.value) == (
        "Line 3 is not text in UTF-8. Save the file as UTF-8 in a text editor and import it again."
    )


def test_german_columns_are_recognized():
    (row,) = read("csv", "Betreff;Fällig am;Notizen;Status\nMiete;3.12.2026;Mai;Erledigt\n")
    assert row == Row("Miete", "Mai", date(2026, 12, 3), NOW, line=2)
