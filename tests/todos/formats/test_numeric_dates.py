"""Numeric dates in CSV files, such as 31.12.2026 and 12/31/2026, and the order of day and month in them."""

from datetime import UTC, date, datetime

import pytest

from tests.todos.formats.helpers import NOW, read, read_case
from todos.formats import BadRow, Row


def test_german_excel_file_is_read():
    assert read_case("excel_de_utf8.csv") == [Row("Äpfel kaufen", "für Mama", date(2026, 12, 31), line=2)]


@pytest.mark.time_machine(NOW, tick=False)
@pytest.mark.parametrize(
    ("dates", "days"),
    [
        (["31/12/2026", "1/2/2026"], [date(2026, 12, 31), date(2026, 2, 1)]),
        (["1/2/2026", "31/12/2026"], [date(2026, 2, 1), date(2026, 12, 31)]),
        (["1/2/2026", "12/31/2026"], [date(2026, 1, 2), date(2026, 12, 31)]),
        (["1-2-2026", "", "31-12-26"], [date(2026, 2, 1), None, date(2026, 12, 31)]),
        (["1.2.2026", "1.2.26"], [date(2026, 2, 1), date(2026, 2, 1)]),
        (["3/3/2026", "2026/12/31"], [date(2026, 3, 3), date(2026, 12, 31)]),
        (["12/31/2026 9:00 PM", "1/2/2026 21:00"], [date(2026, 12, 31), date(2026, 1, 2)]),
        (["20261231", "tomorrow"], [date(2026, 12, 31), date(2026, 11, 26)]),
    ],
)
def test_all_dates_of_a_file_have_the_same_order(dates, days):
    entries = read("csv", "Title,Due\n" + "".join(f"A,{text}\n" for text in dates))
    assert [row.due_on for row in entries] == days


def test_order_is_found_in_any_column_of_dates():
    assert read("csv", "Title,Due,Created\nA,1/2/2026,31/12/2025\n") == [
        Row("A", due_on=date(2026, 2, 1), created_at=datetime(2025, 12, 31, tzinfo=UTC), line=2)
    ]


@pytest.mark.parametrize(
    ("delimiter", "due_on", "order"), [(",", date(2026, 1, 2), "month/day"), (";", date(2026, 2, 1), "day/month")]
)
def test_guessed_order_is_reported(delimiter, due_on, order):
    row, remark = read("csv", f"Title{delimiter}Due\nA{delimiter}1/2/2026\n")
    assert row.due_on == due_on
    assert remark.line == 0
    assert f"Dates like “1/2/2026” were read as {order}/year" in remark.text


def test_date_contradicting_the_order_is_a_bad_row():
    first, second = read("csv", "Title,Due\nA,31/12/2026\nB,12/31/2026\n")
    assert first.due_on == date(2026, 12, 31)
    assert second == BadRow(3, "“12/31/2026” is not a valid date. Write it as year-month-day, like 2030-01-31.")


def test_numeric_completion_time_is_read():
    (row,) = read("csv", "Title,Completed at\nA,12/31/2025 12:05 AM\n")
    assert row.completed_at == datetime(2025, 12, 31, 0, 5, tzinfo=UTC)
