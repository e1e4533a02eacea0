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
