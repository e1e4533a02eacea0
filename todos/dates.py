"""Due dates as text. `static/todos/dates.js` formats them in the same way."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from django.utils import timezone

DAYS_WITH_HEADINGS = timedelta(days=7)
"""How far ahead each day has a heading of its own."""


@dataclass(frozen=True)
class DueDate:
    day: date
    urgency: str
    """How urgent an active to-do is: "overdue", "today" or empty."""

    text: str

    @classmethod
    def of(cls, due_on: date, *, is_completed: bool) -> Self:
        """Return the due date in words relative to today. That of a completed to-do is only a date."""
        today = timezone.localdate()
        if is_completed:
            return cls(due_on, "", format_date(due_on, today))
        days = (due_on - today).days
        name = {-1: "yesterday", 0: "Today", 1: "Tomorrow"}.get(days)
        if days < 0:
            return cls(due_on, "overdue", f"Overdue: {name or format_date(due_on, today)}")
        return cls(due_on, "" if days else "today", name or f"{due_on:%a}, {format_date(due_on, today)}")

    @property
    def heading(self) -> str:
        """The heading under which a list by due date shows the day.

        Each of the coming seven days has a heading of its own, and so has each later month.
        """
        today = timezone.localdate()
        last_day = today + DAYS_WITH_HEADINGS
        if self.day < today:
            return "Overdue"
        if self.day <= last_day:
            name = {0: "Today", 1: "Tomorrow"}.get((self.day - today).days)
            return name or f"{self.day:%A}, {format_date(self.day, today)}"
        if (self.day.year, self.day.month) == (last_day.year, last_day.month):
            return f"Later in {self.day:%B}"
        return f"{self.day:%B}" if self.day.year == today.year else f"{self.day:%B} {self.day.year}"

    @property
    def has_own_heading(self) -> bool:
        """Whether the heading names this day, and not a period."""
        return timedelta(0) <= self.day - timezone.localdate() <= DAYS_WITH_HEADINGS


def format_date(day: date, today: date) -> str:
    """Format a date without the year if that is the current one."""
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b} {day.year}"
