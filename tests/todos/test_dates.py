"""Due dates as text."""

from datetime import date

import pytest
import time_machine

from todos.dates import DueDate


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-11-30T12:00Z", tick=False):
        yield


@pytest.mark.parametrize(
    ("due_on", "urgency", "text"),
    [
        (date(2025, 9, 20), "overdue", "Overdue: 20 Sep 2025"),
        (date(2026, 11, 2), "overdue", "Overdue: 2 Nov"),
        (date(2026, 11, 29), "overdue", "Overdue: yesterday"),
        (date(2026, 11, 30), "today", "Today"),
        (date(2026, 12, 1), "", "Tomorrow"),
        (date(2026, 12, 4), "", "Fri, 4 Dec"),
        (date(2027, 1, 3), "", "Sun, 3 Jan 2027"),
    ],
)
def test_due_date_is_relative_to_today(due_on, urgency, text):
    assert DueDate.of(due_on, is_completed=False) == DueDate(due_on, urgency, text)


@pytest.mark.parametrize(
    ("due_on", "text"),
    [(date(2026, 11, 29), "29 Nov"), (date(2026, 11, 30), "30 Nov"), (date(2025, 9, 2), "2 Sep 2025")],
)
def test_due_date_of_a_completed_todo_is_a_date(due_on, text):
    assert DueDate.of(due_on, is_completed=True) == DueDate(due_on, "", text)


@pytest.mark.parametrize(
    ("due_on", "heading", "has_own_heading"),
    [
        (date(2025, 9, 20), "Overdue", False),
        (date(2026, 11, 29), "Overdue", False),
        (date(2026, 11, 30), "Today", True),
        (date(2026, 12, 1), "Tomorrow", True),
        (date(2026, 12, 2), "Wednesday, 2 Dec", True),
        (date(2026, 12, 7), "Monday, 7 Dec", True),
        (date(2026, 12, 8), "Later in December", False),
        (date(2026, 12, 31), "Later in December", False),
        (date(2027, 1, 1), "January 2027", False),
        (date(2027, 12, 8), "December 2027", False),
    ],
)
def test_heading_names_a_day_of_the_coming_week_or_a_month(due_on, heading, has_own_heading):
    due = DueDate.of(due_on, is_completed=False)
    assert (due.heading, due.has_own_heading) == (heading, has_own_heading)


def test_heading_of_a_month_of_this_year_has_no_year():
    with time_machine.travel("2026-03-30T12:00Z", tick=False):
        assert DueDate.of(date(2026, 4, 7), is_completed=False).heading == "Later in April"
        assert DueDate.of(date(2026, 5, 1), is_completed=False).heading == "May"
