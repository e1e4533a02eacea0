"""The data that the screenshots show: a week's to-dos, photos of a hike, a document, and a job that is running."""

import io
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import APIRequestContext

from tests.screenshots.photos import PHOTOS, photo

DOCUMENT = "Hut booking.pdf"
RUNNING_FILE = "Over the pass.jpg"

TODOS: list[tuple[str, int | None, bool]] = [
    ("Call the plumber about the kitchen sink", -1, False),
    ("Buy oat milk, bread and apples", 0, False),
    ("Send Grace the photos of the hike", 0, False),
    ("Water the plants", 0, True),
    ("Pay the rent", 1, False),
    ("Book train tickets to Vienna", 3, False),
    ("Renew the passport", 9, False),
    ("Find a present for Mira", None, False),
    ("Read chapter 4", None, True),
]
"""Titles, due dates as days from today, and whether the to-do is completed."""

ATTACHMENTS = {"Send Grace the photos of the hike": ["Lake.jpg", "First light.jpg"]}

RUN_AGAIN = """
    UPDATE progress_job
    SET state = 'running', percent = 64, stage = 'Making previews', current = 0, total = NULL, unit = '',
        finished_at = NULL, heartbeat_at = '2999-01-01', version = version + 1
    WHERE label LIKE ?
"""
"""A worker can't be stopped at a certain percentage, so a finished job becomes a running one that is never lost."""


def create_data(http: APIRequestContext, url: str) -> None:
    """Upload the files, and add the to-dos in reverse, because a new one becomes the first of the list."""
    token = http.get(f"{url}/api/session/").json()["csrf_token"]
    headers = {"X-CSRFToken": token}
    ids = {}
    for name in [DOCUMENT, *PHOTOS]:
        content = booking() if name == DOCUMENT else photo(name)
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        response = http.post(f"{url}/api/uploads/", multipart={"file": file}, headers=headers)
        ids[name] = response.json()["id"]
    for title, days, completed in TODOS:
        fields = {
            "title": title,
            "completed": completed,
            "due_on": None if days is None else (date.today() + timedelta(days)).isoformat(),
            "attachments": [ids[name] for name in ATTACHMENTS.get(title, [])],
        }
        response = http.post(f"{url}/api/todos/", data=fields, headers=headers)
        assert response.status == 201, response.text()


def run_job_again(state_dir: Path) -> None:
    """Let the job of RUNNING_FILE be at 64 percent, without a worker that works on it."""
    with closing(sqlite3.connect(state_dir / "headway.sqlite3")) as connection, connection:
        assert connection.execute(RUN_AGAIN, [f"%{RUNNING_FILE}"]).rowcount == 1


def booking() -> bytes:
    """Return a document of one page as a PDF."""
    page = Image.new("RGB", (827, 1169), "white")
    canvas = ImageDraw.Draw(page)
    canvas.rectangle((0, 0, 827, 190), fill="#0b6b53")
    canvas.text((70, 60), "Booking 2417", fill="white", font_size=52)
    canvas.text((70, 125), "Alpine hut · 2 nights · 4 beds", fill="#cfe9df", font_size=26)
    for line in range(14):
        top = 270 + line * 52
        width = (640, 590, 665, 420)[line % 4]
        canvas.rounded_rectangle((70, top, 70 + width, top + 14), 7, fill="#d5dbd8" if line % 4 else "#8fa39b")
    file = io.BytesIO()
    page.save(file, "PDF", resolution=100)
    return file.getvalue()
