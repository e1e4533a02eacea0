"""Requests and responses of pages, and a list as users have it."""

import re
from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.utils import timezone

from todos import ordering
from todos.models import Attachment, Todo
from uploads.models import Upload

HTMX = {"HX-Request": "true"}
"""The header that htmx sends."""

MAX_COMPRESSED_BYTES = 12 * 1024
"""The limit for the compressed page of 100 to-dos that have only a title."""

MAX_VARIED_BYTES = 13 * 1024
"""The limit for the compressed page of 100 varied to-dos."""

TITLES = [
    "Call the plumber about the kitchen sink",
    "Buy milk and bread",
    "Pay the rent",
    "Write the quarterly report",
    "Book flights to Lisbon",
    "Review the pull request of Ana",
    "Water the plants",
    "Renew the passport",
    "Send the invoice to Meyer & Sons",
    "Plan the team offsite",
]


def titles(page: str) -> list[str]:
    """Return the titles of the rows of a page or fragment, in their order."""
    return re.findall(r'<label id="title-\d+" dir="auto">(.*?)</label>', page)


def make_plain_todos(owner: User, number: int) -> User:
    """Create to-dos, of which every third is completed. Return the owner."""
    Todo.objects.bulk_create(
        Todo(owner=owner, title=f"Thing {index}", order=index * ordering.GAP, completed_at=None if index % 3 else Now())
        for index in range(number)
    )
    return owner


def make_varied_todos(owner: User, number: int) -> User:
    """Create to-dos, half of them with due dates, some completed, with notes or with a file. Return the owner."""
    today = timezone.localdate()
    todos = [
        Todo(
            title=f"{TITLES[index % len(TITLES)]} {index}",
            notes="By phone" if index % 4 == 0 else "",
            due_on=today + timedelta(days=index // 4 - 5) if index % 2 else None,
            completed_at=timezone.now() if index % 5 == 0 else None,
        )
        for index in range(number)
    ]
    Todo.objects.append(owner, todos)
    for index, todo in enumerate(todos[3::20]):
        upload = Upload.objects.create(owner=owner, name=f"photo {index}.jpg", size=1)
        Attachment.objects.create(todo=todo, upload=upload)
    return owner
