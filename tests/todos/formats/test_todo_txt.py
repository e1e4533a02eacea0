"""todo.txt: the syntax of lines, and titles that look like it."""

from datetime import UTC, date, datetime

import pytest

from tests.todos.formats.helpers import NOW, read, write
from todos.formats import BadRow, Row

CREATED = datetime(2026, 11, 20, tzinfo=UTC)
COMPLETED = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("Post signs around the neighborhood +GarageSale", Row("Post signs around the neighborhood +GarageSale")),
        ("(A) Thank Mom for the meatballs @phone ", Row("(A) Thank Mom for the meatballs @phone")),
        ("(A) 2026-11-20 Call Mom", Row("(A) Call Mom", created_at=CREATED)),
        ("2026-11-20 Document +TodoTxt task format", Row("Document +TodoTxt task format", created_at=CREATED)),
        ("(A) Call Mom 2026-11-20", Row("(A) Call Mom 2026-11-20")),
        ("(b) Get back to the boss", Row("(b) Get back to the boss")),
        ("(B)->Submit TPS report", Row("(B)->Submit TPS report")),
        ("xylophone lesson", Row("xylophone lesson")),
        ("X 2026-11-20 Make resolutions", Row("X 2026-11-20 Make resolutions")),
        ("(A) x Find ticket prices", Row("(A) x Find ticket prices")),
        ("x 2026-11-21 Call Mom", Row("Call Mom", completed_at=COMPLETED)),
        ("x 2026-11-21 2026-11-20 Review +Touch", Row("Review +Touch", completed_at=COMPLETED, created_at=CREATED)),
        ("x (A) 2026-11-21 2026-11-20 Measure", Row("(A) Measure", completed_at=COMPLETED, created_at=CREATED)),
        ("x Call Mom pri:A", Row("Call Mom pri:A", completed_at=NOW)),
        ("Pay due:2026-12-01 rent @home rec:1m", Row("Pay rent @home rec:1m", due_on=date(2026, 12, 1))),
        ("due:2026-12-01 Pay rent", Row("Pay rent", due_on=date(2026, 12, 1))),
        ("Pay rent due:tomorrow", Row("Pay rent due:tomorrow")),
        ("Pay overdue:2026-12-01", Row("Pay overdue:2026-12-01")),
        ("\tPay rent\t", Row("Pay rent")),
    ],
)
@pytest.mark.time_machine(NOW, tick=False)
def test_line_is_parsed_as_specified(line, row):
    (parsed,) = read("txt", f"\ufeff\r\n \r\n{line}\r\n")
    assert parsed == Row(row.title, due_on=row.due_on, completed_at=row.completed_at, created_at=row.created_at, line=3)


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (Row("Buy milk", created_at=CREATED), "2026-11-20 Buy milk"),
        (Row("(A) Call Mom", created_at=CREATED), "(A) 2026-11-20 Call Mom"),
        (Row("x marks the spot", created_at=CREATED), "2026-11-20 x marks the spot"),
        (Row("2030-01-31 is a Thursday", created_at=CREATED), "2026-11-20 2030-01-31 is a Thursday"),
        (Row("A", "lost", date(2030, 1, 31), COMPLETED, CREATED), "x 2026-11-21 2026-11-20 A due:2030-01-31"),
        (Row("Pay due:2020-01-01", created_at=CREATED), "2026-11-20 Pay due:2020-01-01 due:none"),
        (Row("x of unknown age"), "2026-11-25 x of unknown age"),
    ],
)
@pytest.mark.time_machine(NOW, tick=False)
def test_row_is_written_as_specified(row, line):
    assert write("txt", [row]).decode() == f"{line}\n"
    assert [parsed.title for parsed in read("txt", f"{line}\n")] == [row.title]


@pytest.mark.parametrize(
    ("due", "left_out"), [("2026-12-01T09:30", ("time “09:30”",)), ("2026-12-01T00:00:00", ()), ("2026-12-01", ())]
)
def test_time_of_day_is_reported(due, left_out):
    assert read("txt", f"Pay rent due:{due} @home\n") == [
        Row("Pay rent @home", due_on=date(2026, 12, 1), line=1, left_out=left_out)
    ]


def test_title_containing_a_due_time_survives_round_trip():
    row = Row("Pay due:2026-12-01T09:30", created_at=CREATED)
    (parsed,) = read("txt", write("txt", [row]))
    assert (parsed.title, parsed.due_on) == (row.title, None)


def test_bad_line_has_reason_and_does_not_affect_others():
    content = f"A due:2030-02-30\n2026-13-01 B\n\n(A) due:2030-01-31\n{'long ' * 30_000}\nGood\n"
    assert read("txt", content) == [
        BadRow(1, "“2030-02-30” is not a valid date. Write it as year-month-day, like 2030-01-31."),
        BadRow(2, "“2026-13-01” is not a valid time. Write it like 2030-01-31T09:00:00Z or 2030-01-31."),
        BadRow(4, "The title is missing. Enter a title."),
        BadRow(5, "This is longer than 100,000 characters. Shorten it or remove it."),
        Row("Good", line=6),
    ]
