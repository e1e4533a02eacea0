"""The parser for quick-add lines: a title with a due date at its end, such as "Pay rent friday".

It understands these English phrases, in uppercase or lowercase, as the last words of a line:

    today · tomorrow
    friday · fri         the next one after today
    this friday          the one of this week, which begins on Monday, unless it is over
    next friday          the one of next week
    in 3 days · in 2 weeks
    3 dec · dec 3        the next such day, today included
    3 december 2027 · dec 3, 2027 · 3 dec 27 · 2027-12-03
    friday, 4 december   only if that day is a Friday

"due", "on" and "by" before a phrase belong to it. Everything else stays as typed, in particular a line in which another
word may belong to the date ("every friday", "from 3 dec to 5 dec"), a line with two dates, and a line that may end in a
name ("Freaky Friday"). Weeks, months and times of day are not due dates, and 1/12 is a different day in each country.
"""

import re
import unicodedata
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
DAYS_PER_UNIT = {"day": 1, "week": 7}

MAX_YEARS_BETWEEN_LEAP_DAYS = 8
"""The longest time between leap days, such as from 1896 to 1904."""

MIN_YEAR = 1900
"""An earlier number is taken for a typing error, or for something other than a year."""

MAX_WORDS = 6
"""The number of words of the longest phrase, "due by friday, december 3, 2027"."""

_ATTACHED_WORDS = """
    due on by at for from to into onto till til until through thru since before after between within during around about
    of with without than as per via vs and or nor but plus minus then not never no only just except maybe perhaps
    a an the this that these those some any every each next last past previous coming following other another alternate
    first second third fourth fifth my your our their his i he she we they who which what whichever
    is are was were be being starting starts beginning begins ending ends
    daily weekly biweekly fortnightly monthly quarterly yearly annually
"""
ATTACHED_WORDS = frozenset(_ATTACHED_WORDS.split())
"""Words that can't end a title: the date after them belongs to them, or they change its meaning."""

_NAMED_DAYS = """
    ash black bloody blue casual cyber easter fat freaky giving good holy manic maundy palm ruby shrove super whit
"""
NAMED_DAYS = frozenset(_NAMED_DAYS.split())
"""Words that form a name with the weekday after them: "Good Friday", "Cyber Monday"."""


class QuickAdd(NamedTuple):
    title: str
    """The line without the phrase."""

    due_on: date
    phrase: str
    """The words of the line that name the due date."""


def parse(line: str, today: date) -> QuickAdd | None:
    """Split a line into a title and the due date at its end. Return None if the line has to stay as typed."""
    for title, phrase in _splits(line):
        if due_on := parse_date(phrase, today):
            found = QuickAdd(title, due_on, phrase)
            return None if _is_doubtful(found, today) else found
    return None


def parse_date(phrase: str, today: date) -> date | None:
    """Return the day that the whole phrase names, or None."""
    for form, read in _FORMS:
        if found := form.fullmatch(phrase):
            try:
                return read(found, today)
            except (ValueError, OverflowError):  # no such day, or a day that a `date` can't hold
                return None
    return None


def _splits(line: str) -> Iterator[tuple[str, str]]:
    """Yield each title and the possible phrase after it, the longest phrase first."""
    for number in range(MAX_WORDS, 0, -1):
        title, *words = line.strip().rsplit(maxsplit=number) or [""]
        if len(words) == number:
            yield title, " ".join(words)


def _is_doubtful(found: QuickAdd, today: date) -> bool:
    """Return whether words of the title may belong to the date, or the phrase to the title."""
    title, due_on, phrase = found
    last = title.split()[-1]
    return (
        last.lower().strip("\"'()[]“”‘’*_") in ATTACHED_WORDS
        or _ends_with_sign(last)
        or _ATTACHED_END.search(title) is not None
        or _may_be_day_or_year(last, phrase)
        or _may_be_name(last, phrase)
        or (due_on < today and _SHORT_YEAR.search(phrase) is not None)  # probably a day: "chapter 1 dec 24"
        or any(parse_date(words, today) for _, words in [*_splits(title), ("", title)])  # a second date
    )


def _ends_with_sign(word: str) -> bool:
    """Return whether the word is a sign, such as "&" or a dash, or ends with one that announces something."""
    return word[-1] in ",;:([{-–—" or all(sign in "+<=>|~^" or unicodedata.category(sign)[0] in "PC" for sign in word)


def _may_be_day_or_year(word: str, phrase: str) -> bool:
    """Return whether the phrase begins with a month whose day or year is the word before it: "2 dec 24"."""
    return phrase.split()[0].lower() in MONTHS and re.fullmatch("[0-9]{1,2}|[0-9]{4}", word) is not None


def _may_be_name(word: str, phrase: str) -> bool:
    """Return whether the word and the phrase may be a name, such as "Freaky Friday" or "USA Today"."""
    if any(sign.isdigit() for sign in phrase):
        return False
    return word.lower() in NAMED_DAYS or (word[0].isupper() and phrase[0].isupper())


def _today(found: re.Match[str], today: date) -> date:
    return today


def _tomorrow(found: re.Match[str], today: date) -> date:
    return today + timedelta(days=1)


def _weekday(found: re.Match[str], today: date) -> date | None:
    wanted = WEEKDAYS[found["weekday"].lower()]
    in_this_week = today + timedelta(days=wanted - today.weekday())
    match (found["which"] or "").lower():
        case "this":
            return in_this_week if in_this_week >= today else None
        case "next":
            return in_this_week + timedelta(days=7)
        case _:
            return in_this_week if in_this_week > today else in_this_week + timedelta(days=7)


def _in_units(found: re.Match[str], today: date) -> date:
    return today + timedelta(days=int(found["number"]) * DAYS_PER_UNIT[found["unit"]])


def _iso(found: re.Match[str], today: date) -> date | None:
    due_on = date.fromisoformat(found["iso"])
    return due_on if due_on.year >= MIN_YEAR else None


def _day_of_month(found: re.Match[str], today: date) -> date | None:
    due_on = _with_year(found, today)
    if due_on and found["weekday"] and due_on.weekday() != WEEKDAYS[found["weekday"].lower()]:
        return None
    return due_on


def _with_year(found: re.Match[str], today: date) -> date | None:
    month, day, year = MONTHS[found["month"].lower()], int(found["day"]), found["year"]
    if not year:
        return next((day for day in _in_coming_years(month, day, today.year) if day >= today), None)
    if len(year) == 4:
        return date(int(year), month, day) if int(year) >= MIN_YEAR else None
    return date(2000 + int(year), month, day)


def _in_coming_years(month: int, day: int, year: int) -> Iterator[date]:
    for later in range(MAX_YEARS_BETWEEN_LEAP_DAYS + 1):
        try:
            yield date(year + later, month, day)
        except ValueError:
            continue


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | re.IGNORECASE)


_WEEKDAY = f"(?P<weekday>{'|'.join(WEEKDAYS)})"
_MONTH = f"(?P<month>{'|'.join(MONTHS)})"
_DAY = "(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = "(?:,? (?P<year>[0-9]{4}|[0-9]{2}))?"
_BY = "(?:due )?(?:by )?"
_ON = "(?:due )?(?:(?:on|by) )?"
_FORMS: list[tuple[re.Pattern[str], Callable[[re.Match[str], date], date | None]]] = [
    (_compile(f"{_BY}today"), _today),
    (_compile(f"{_BY}tomorrow"), _tomorrow),
    (_compile(f"{_ON}(?:(?P<which>this|next) )?{_WEEKDAY}"), _weekday),
    # In lowercase only: "Around the World in 80 Days" is a name.
    (re.compile("(?:due )?in (?P<number>[0-9]{1,3}) (?P<unit>day|week)s?", re.ASCII), _in_units),
    (_compile(f"{_ON}(?P<iso>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})"), _iso),
    (_compile(f"{_ON}(?:{_WEEKDAY},? )?{_DAY} {_MONTH}{_YEAR}"), _day_of_month),
    (_compile(f"{_ON}(?:{_WEEKDAY},? )?{_MONTH} {_DAY}{_YEAR}"), _day_of_month),
]

_SHORT_YEAR = re.compile(r"\s[0-9]{2}$")
_ORDINAL = "[0-9]+(?:st|nd|rd|th)"
_UNIT = "(?:day|weekday|week|weekend|fortnight|month|quarter|year)s?"
_NUMBER = "(?:[0-9]+|a|an|one|two|three|four|five|six|seven|eight|nine|ten|few)"
_REPEAT = "(?:every|each)(?: (?:other|second|third|[0-9]+))?"
_ATTACHED_END = _compile(rf"(?:^|\s)(?:{_ORDINAL}|(?:{_NUMBER}|{_REPEAT}) {_UNIT})$")
"""Endings of a title that count from a date or repeat: "the 2nd", "a week", "every 2 weeks"."""
