"""The parser for quick-add lines: a table of lines, and properties of all lines."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todos.quick_add import MIN_YEAR, MONTHS, WEEKDAYS, parse

WEDNESDAY = date(2026, 11, 25)
DAYS = st.dates(date(MIN_YEAR, 1, 1), date(9000, 1, 1))


def read_table() -> list[list[str]]:
    text = (Path(__file__).parent / "quick_add_lines.txt").read_text(encoding="utf-8")
    rows = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [[cell.strip() for cell in row.rsplit("|", 3)] for row in rows]


LINES = read_table()
PHRASES = sorted({line.removeprefix(title).strip() for line, _, title, _ in LINES if title})
WORDS = sorted({word for line, *_ in LINES for word in line.split()})


@pytest.mark.parametrize(("line", "today", "title", "due_on"), LINES)
def test_line_of_the_table_is_parsed(line, today, title, due_on):
    parsed = parse(line, date.fromisoformat(today))
    assert parsed == ((title, date.fromisoformat(due_on), line.removeprefix(title).strip()) if title else None)
    assert parse(f"  {line} ", date.fromisoformat(today)) == parsed


def test_table_has_at_least_150_lines():
    assert len(LINES) >= 150
    assert all(bool(title) == bool(due_on) for _, _, title, due_on in LINES)


@given(line=st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join), today=st.dates())
def test_title_and_phrase_make_up_the_line(line, today):
    if parsed := parse(line, today):
        assert f"{parsed.title} {parsed.phrase}".split() == line.split()
        assert line.strip().startswith(parsed.title)


@given(line=st.lists(st.sampled_from(WORDS)).map(" ".join), today=DAYS)
def test_title_contains_no_second_date(line, today):
    if parsed := parse(line, today):
        assert parse(parsed.title, today) is None


@given(line=st.lists(st.sampled_from(WORDS)).map(" ".join), today=DAYS)
def test_past_date_requires_a_year_of_four_digits(line, today):
    if (parsed := parse(line, today)) and parsed.due_on < today:
        assert f"{parsed.due_on.year}" in parsed.phrase


@given(phrase=st.sampled_from(PHRASES), name=st.sampled_from(["rent", "Buy milk", "Äpfel kaufen"]))
def test_phrase_is_parsed_after_another_title(phrase, name):
    parsed = parse(f"{name} {phrase}", WEDNESDAY)
    assert parsed.title == name
    assert parsed.phrase == phrase


@given(day=DAYS, today=DAYS, month=st.sampled_from(list(MONTHS)))
def test_date_without_year_is_within_a_year(day, today, month):
    day = day.replace(day=min(day.day, 28))
    parsed = parse(f"Pay rent {day.day} {month}", today)
    assert (parsed.due_on.day, parsed.due_on.month) == (day.day, MONTHS[month])
    assert today <= parsed.due_on < today + timedelta(days=367)
    assert parse(f"Pay rent {month} {day.day}", today).due_on == parsed.due_on


@given(today=DAYS, name=st.sampled_from(list(WEEKDAYS)))
def test_weekday_is_within_a_week_and_next_weekday_in_the_next_week(today, name):
    next_due = parse(f"Pay rent {name}", today).due_on
    assert next_due.weekday() == WEEKDAYS[name]
    assert timedelta(days=1) <= next_due - today <= timedelta(days=7)
    monday = today - timedelta(days=today.weekday())
    next_week = parse(f"Pay rent next {name}", today).due_on
    assert next_week.weekday() == WEEKDAYS[name]
    assert timedelta(days=7) <= next_week - monday < timedelta(days=14)
    if parsed := parse(f"Pay rent this {name}", today):
        assert parsed.due_on.weekday() == WEEKDAYS[name]
        assert today <= parsed.due_on < monday + timedelta(days=7)


@given(day=DAYS, today=DAYS)
def test_date_with_year_is_parsed(day, today):
    phrases = (
        day.isoformat(),
        f"{day:%d %B %Y}",
        f"{day:%b %d, %Y}",
        f"on {day.day} {day:%b} {day.year}",
        f"{day:%A, %d %B %Y}",
    )
    for phrase in phrases:
        assert parse(f"Pay rent {phrase}", today) == ("Pay rent", day, phrase)
