"""Dates at the end of titles: what is understood, and what is left alone."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todos.due_words import MONTHS, WEEKDAYS, understand

WEDNESDAY = date(2026, 11, 25)
DAYS = st.dates(date(1900, 1, 1), date(9000, 1, 1))
NAMES = st.text(min_size=1).map(str.strip).filter(bool)
UNDERSTOOD = [
    ("today", date(2026, 11, 25)),
    ("TOMORROW", date(2026, 11, 26)),
    ("friday", date(2026, 11, 27)),
    ("Fri", date(2026, 11, 27)),
    ("wednesday", date(2026, 12, 2)),
    ("tue", date(2026, 12, 1)),
    ("thurs", date(2026, 11, 26)),
    ("next fri", date(2026, 12, 4)),
    ("next monday", date(2026, 11, 30)),
    ("next Sunday", date(2026, 12, 6)),
    ("on friday", date(2026, 11, 27)),
    ("by next friday", date(2026, 12, 4)),
    ("due 3 dec", date(2026, 12, 3)),
    ("3 dec", date(2026, 12, 3)),
    ("3rd December", date(2026, 12, 3)),
    ("dec 3", date(2026, 12, 3)),
    ("Sept 1st", date(2027, 9, 1)),
    ("25 nov", date(2026, 11, 25)),
    ("24 nov", date(2027, 11, 24)),
    ("29 feb", date(2028, 2, 29)),
    ("3 december 2027", date(2027, 12, 3)),
    ("3 dec 27", date(2027, 12, 3)),
    ("december 3, 2027", date(2027, 12, 3)),
    ("by dec 3, 2027", date(2027, 12, 3)),
    ("1 jan 2020", date(2020, 1, 1)),
    ("2027-12-03", date(2027, 12, 3)),
    ("in 1 day", date(2026, 11, 26)),
    ("in 3 days", date(2026, 11, 28)),
    ("in 2 weeks", date(2026, 12, 9)),
]


@pytest.mark.parametrize(("words", "due_on"), UNDERSTOOD)
def test_what_is_understood(words, due_on):
    assert understand(f"Pay rent {words}", WEDNESDAY) == ("Pay rent", due_on, words)
    assert understand(f"  Pay rent   {words} ", WEDNESDAY) == ("Pay rent", due_on, words)


@pytest.mark.parametrize(("words", "due_on"), UNDERSTOOD)
def test_a_title_that_would_be_empty_is_left_alone(words, due_on):
    found = understand(words, WEDNESDAY)
    assert found is None or found.title == words.split()[0]  # as "due" of "due 3 dec"


@pytest.mark.parametrize(
    "title",
    [
        *("", " ", "Buy milk", "friday", "Read about friday the 13th", "Watch Freaky Friday!", "Feed the monkey"),
        *("Draw 3", "Meet in may", "Pay 3 decades", "31 feb", "Pay rent 31 feb", "Pay rent 30 feb 2028"),
        *("Pay rent 2026-13-01", "Pay rent 2026-1-1", "Pay rent 0000-01-01", "Pay rent 0 dec", "Pay rent 100 dec"),
        *("Pay rent in 1000 days", "Pay rent in 3", "Pay rent in three days", "Pay rent next", "Pay rent 3 dec 127"),
        *("Buy a Monday.com seat", "Sell-by-friday", "Count ٣ dec", "Enjoy the ſun", "Buyfriday"),
    ],
)
def test_what_is_left_alone(title):
    assert understand(title, WEDNESDAY) is None


def test_the_end_of_time():
    assert understand("Rest in 1 day", date.max) is None
    assert understand("Rest next friday", date.max) is None
    assert understand("Rest 1 jan", date.max) is None


@given(title=st.text(), today=st.dates())
def test_any_title_on_any_day(title, today):
    found = understand(title, today)
    if found:
        assert found.title
        assert title.strip().startswith(found.title)
        assert title.strip().endswith(found.words.split()[-1])


@given(name=NAMES, words=st.sampled_from([words for words, _ in UNDERSTOOD]), today=DAYS)
def test_the_title_is_what_comes_before(name, words, today):
    found = understand(f"{name} {words}", today)
    assert found is None or found.title in (name, f"{name} {words.split()[0]}", name.rsplit(maxsplit=1)[0])
    if found is None:
        assert words == "29 feb" or today.year > 8990


@given(day=DAYS, today=DAYS, month=st.sampled_from(list(MONTHS)))
def test_a_day_and_month_come_within_a_year(day, today, month):
    day = day.replace(day=min(day.day, 28))
    found = understand(f"Pay rent {day.day} {month}", today)
    assert (found.due_on.day, found.due_on.month) == (day.day, MONTHS[month])
    assert today <= found.due_on < today + timedelta(days=367)
    assert understand(f"Pay rent {month} {day.day}", today).due_on == found.due_on


@given(today=DAYS, name=st.sampled_from(list(WEEKDAYS)))
def test_a_weekday_comes_within_a_week_and_the_next_one_in_the_next(today, name):
    soon = understand(f"Pay rent {name}", today).due_on
    assert soon.weekday() == WEEKDAYS[name]
    assert timedelta(days=1) <= soon - today <= timedelta(days=7)
    following = understand(f"Pay rent next {name}", today).due_on
    assert following.weekday() == WEEKDAYS[name]
    monday = today - timedelta(days=today.weekday())
    assert timedelta(days=7) <= following - monday < timedelta(days=14)


@given(day=DAYS, today=DAYS)
def test_a_whole_date_is_that_date(day, today):
    for words in (day.isoformat(), f"{day:%d %B %Y}", f"{day:%b %d, %Y}", f"on {day.day} {day:%b} {day.year}"):
        assert understand(f"Pay rent {words}", today) == ("Pay rent", day, words)
