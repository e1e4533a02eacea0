"""Completed and active to-dos in CSV files of other programs: words of status columns, and completion times."""

from datetime import UTC, datetime

import pytest

from tests.todos.formats.helpers import NOW, read, read_case

pytestmark = pytest.mark.time_machine(NOW, tick=False)


def test_status_column_marks_todos_as_completed():
    assert [row.completed_at for row in read_case("status_done.csv")] == [NOW, None, NOW]


@pytest.mark.parametrize("word", ["x", "X", "Yes", "TRUE", "1", "✓", "done", "COMPLETED", "Erledigt", "terminé"])
@pytest.mark.parametrize("column", ["Status", "Completed", "Done", "Is completed"])
def test_word_for_completed_is_understood(column, word):
    (row,) = read("csv", f"Title,{column}\nA,{word}\n")
    assert (row.completed_at, row.left_out) == (NOW, ())


@pytest.mark.parametrize("word", ["", "No", "FALSE", "0", "open", "Not Started", "NEEDS-ACTION", "to_do", "offen"])
@pytest.mark.parametrize("column", ["Status", "Completed", "Done"])
def test_word_for_active_is_understood(column, word):
    (row,) = read("csv", f"Title,{column},x\nA,{word},\n")
    assert (row.completed_at, row.left_out) == (None, ())


def test_other_status_is_reported():
    waiting, cancelled = read("csv", "Title,Status\nA,Waiting\nB,Cancelled\n")
    assert (waiting.completed_at, waiting.left_out) == (None, ("status “Waiting”",))
    assert (cancelled.completed_at, cancelled.left_out) == (NOW, ("status “Cancelled”",))


@pytest.mark.parametrize(
    ("cells", "completed_at"),
    [
        ("yes,2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        (",2026-11-20T08:30:00Z", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
        ("yes,", NOW),
        ("no,", None),
    ],
)
def test_completion_time_is_read_from_its_own_column(cells, completed_at):
    (row,) = read("csv", f"Title,Done,Completed at\nA,{cells}\n")
    assert row.completed_at == completed_at


def test_completed_column_may_contain_words_or_times():
    entries = read("csv", "title,completed\nA,yes\nB,TRUE\nC,no\nD,\nE,2026-11-20\nF,x\nG, ")
    past = datetime(2026, 11, 20, tzinfo=UTC)
    assert [row.completed_at for row in entries] == [NOW, NOW, None, None, past, NOW, None]
