"""Helpers to import and export files by the API."""

from datetime import UTC, date, datetime

from progress.models import State
from tests.helpers import body, file, make_todo, run_queue
from todos.models import Todo
from uploads.models import Upload

IMPORT_URL = "/api/todos/import/"


def import_file(client, content: bytes | str, name: str = "todos.csv") -> Upload:
    """Import a file and run the job. Return the upload."""
    content = content.encode() if isinstance(content, str) else content
    response = client.post(IMPORT_URL, {"file": file(content, name)})
    assert response.status_code == 202, response.content
    run_queue()
    return Upload.objects.select_related("job").get(pk=response.json()["id"])


def import_counts(client, content: bytes | str, name: str = "todos.csv") -> list[int]:
    """Import a file. Return the numbers of added, restored, already present and bad rows."""
    upload = import_file(client, content, name)
    assert upload.job.state == State.SUCCEEDED, upload.job.error_message
    report = upload.metadata["import"]
    return [report[key] for key in ("added", "restored", "present", "bad")]


def export(client, format: str) -> bytes:
    response = client.get(f"/api/todos/export/?format={format}")
    assert response.status_code == 200
    return body(response)


def titles(owner) -> list[str]:
    """Return the titles of the owner's list in its order, without trashed to-dos."""
    return list(Todo.objects.visible_to(owner).in_order().values_list("title", flat=True))


def make_todos(owner) -> None:
    """Create five to-dos of all kinds. Their times have no fractions of a second, which iCalendar can't express."""
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for number, values in enumerate(
        [
            {"title": "Buy milk", "notes": "two\nlines, and a comma", "due_on": date(2030, 1, 31)},
            {"title": "=cmd|' /C calc'!A0", "completed_at": moment},
            {"title": 'x (A) due:2030-01-31 ; "quoted"'},
            {"title": "Buy milk", "notes": "Another one"},
            {"title": "👩‍👩‍👧 مرحبا", "due_on": date(2020, 2, 29), "completed_at": moment},
        ]
    ):
        make_todo(owner=owner, created_at=moment.replace(day=number + 1), **values)
    Todo.objects.visible_to(owner).move(Todo.objects.last().pk, before=Todo.objects.first().pk)
