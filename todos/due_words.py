"""A date at the end of a title, as people write it: "Pay rent friday", "Call mum 3 dec", "Water the plants in 3 days".

English, and whole words only:

    today · tomorrow
    friday · fri         the next one after today
    next friday          the one of next week, which begins on Monday
    in 3 days · in 2 weeks
    3 dec · dec 3        the next such day, today included
    3 december 2027 · 3 dec 27 · 2027-12-03

"on", "by" or "due" before them belongs to them. A title that would be nothing else is left alone.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

WEEKDAYS = {
    name: number
    for number, names in enumerate(
        [
            ("monday", "mon"),
            ("tuesday", "tue", "tues"),
            ("wednesday", "wed"),
            ("thursday", "thu", "thur", "thurs"),
            ("friday", "fri"),
            ("saturday", "sat"),
            ("sunday", "sun"),
        ]
    )
    for name in names
}
MONTHS = {
    name: number
    for number, names in enumerate(
        [
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sep", "sept"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ],
        start=1,
    )
    for name in names
}
DAYS_OF = {"day": 1, "week": 7}

LEAP_YEARS_APART = 8
"""29 February comes again within so many years, also around a century that has none."""

MOST_WORDS = 4
"""As in "by december 3, 2027"."""


class Understood(NamedTuple):
    title: str
    """Without the date."""

    due_on: date
    words: str
    """What was understood as the date."""


def understand(title: str, today: date) -> Understood | None:
    """The date at the end of the title; None when there is none."""
    for number in range(MOST_WORDS, 0, -1):
        rest = title.strip().rsplit(maxsplit=number)
        words = " ".join(rest[1:])
        if len(rest) == number + 1 and (due_on := _date(words.lower(), today)):
            return Understood(rest[0], due_on, words)
    return None


def _date(words: str, today: date) -> date | None:
    for form, read in _FORMS:
        if found := form.fullmatch(words):
            try:
                return read(found, today)
            except (ValueError, OverflowError):  # no such day, or none that a calendar has
                return None
    return None


def _today(found: re.Match, today: date) -> date:
    return today


def _tomorrow(found: re.Match, today: date) -> date:
    return today + timedelta(days=1)


def _weekday(found: re.Match, today: date) -> date:
    wanted = WEEKDAYS[found["weekday"]]
    if found["next"]:
        return today + timedelta(days=7 - today.weekday() + wanted)
    return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


def _in_a_while(found: re.Match, today: date) -> date:
    return today + timedelta(days=int(found["number"]) * DAYS_OF[found["unit"]])


def _iso(found: re.Match, today: date) -> date:
    return date.fromisoformat(found["iso"])


def _day_of_month(found: re.Match, today: date) -> date | None:
    month, day = MONTHS[found["month"]], int(found["day"])
    if found["year"]:
        return date(int(f"20{found['year']}"[-4:]), month, day)
    return next((day for day in _in_coming_years(month, day, today.year) if day >= today), None)


def _in_coming_years(month: int, day: int, year: int) -> Iterator[date]:
    for later in range(LEAP_YEARS_APART + 1):
        try:
            yield date(year + later, month, day)
        except ValueError:
            continue


def _form(pattern: str) -> re.Pattern:
    return re.compile(rf"(?:(?:on|by|due) )?{pattern}", re.ASCII)


_MONTH = f"(?P<month>{'|'.join(MONTHS)})"
_DAY = "(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = "(?:,? (?P<year>[0-9]{4}|[0-9]{2}))?"
_FORMS: list[tuple[re.Pattern, Callable[[re.Match, date], date | None]]] = [
    (_form("today"), _today),
    (_form("tomorrow"), _tomorrow),
    (_form(f"(?P<next>next )?(?P<weekday>{'|'.join(WEEKDAYS)})"), _weekday),
    (re.compile("in (?P<number>[0-9]{1,3}) (?P<unit>day|week)s?", re.ASCII), _in_a_while),
    (_form("(?P<iso>[0-9]{4}-[0-9]{2}-[0-9]{2})"), _iso),
    (_form(f"{_DAY} {_MONTH}{_YEAR}"), _day_of_month),
    (_form(f"{_MONTH} {_DAY}{_YEAR}"), _day_of_month),
]
