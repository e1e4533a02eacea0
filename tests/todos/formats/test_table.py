"""Structure of CSV files: lines above the column names, blank lines, and columns without a counterpart."""

from datetime import date

import pytest

from tests.todos.formats.helpers import read, read_case, remarks, rows
from todos.formats import Remark, Row


def test_delimiter_line_is_skipped():
    assert read_case("sep_line.csv") == [Row("Apples", due_on=date(2026, 12, 31), line=3)]


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_named_delimiter_takes_precedence(line):
    assert read("csv", f"{line}\nTitle;a,b,c\nA;1,2\n")[0].title == "A"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("before", ["", "sep=,\n", "\n \nsep=,\n\n"])
def test_blank_lines_of_a_quoted_cell_are_kept(before, newline):
    content = f'{before}Title,Notes\n\nA,"one \n\n \ntwo"\nB,\n'
    first, second = read("csv", content.replace("\n", newline))
    line = before.count("\n") + 3
    assert (first, second) == (Row("A", "one \n\n \ntwo", line=line), Row("B", line=line + 4))


def test_blank_lines_of_a_quoted_cell_are_kept_below_a_heading():
    entries = read("csv", 'My list\n\nTitle;Notes\nA;"one\n\ntwo"\n')
    assert rows(entries) == [Row("A", "one\n\ntwo", line=4)]
    assert remarks(entries) == [(1, "Line 1 is above the column names and was skipped.")]


def test_any_number_of_blank_lines_may_come_first():
    assert read("csv", "\n" * 100 + "Title;Notes\nA;one\n") == [Row("A", "one", line=102)]


def test_lines_above_the_column_names_are_reported():
    assert read("csv", "My list\nExported today\n\nTitle;Due\nA;2026-12-31\n") == [
        Remark(1, "Lines 1 to 2 are above the column names and were skipped."),
        Row("A", due_on=date(2026, 12, 31), line=5),
    ]


def test_all_columns_of_notes_are_joined():
    (row,) = read("csv", "Title,Content,Memo,Description\nA,one,,two\n")
    assert row.notes == "one\n\ntwo"


def test_unknown_columns_are_reported_once():
    entries = read("csv", "Title,Estimate,Colour,Empty\nA,,red,\nB,3 h,blue,\n")
    message = (
        "These columns were left out, because Headway has no such fields: “Colour” (first used on line 2), "
        "“Estimate” (first used on line 3)."
    )
    assert remarks(entries) == [(0, message)]


def test_unknown_columns_beyond_limit_are_only_counted():
    names = ",".join(f"c{n}" for n in range(100))
    (_, remark) = read("csv", f"Title,{names}\nA{',x' * 100}\n")
    assert remark.text.endswith("“c19” (first used on line 2) and 80 more.")
