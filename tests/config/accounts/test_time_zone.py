"""The time zone of the visitor: the one the user has chosen, or that of the browser, which sends it in a cookie."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from config.models import Preferences
from tests.helpers import body, file, make_todo, run_queue
from todos.models import Todo
from todos.tasks import import_file
from uploads.receiving import ingest

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
BEHIND, AHEAD = "Pacific/Pago_Pago", "Pacific/Kiritimati"  # UTC-11 and UTC+14


@pytest.fixture(autouse=True)
def _at_noon(as_alice):
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        (BEHIND, ["Today", "Tomorrow"]),
        (AHEAD, ["Overdue: yesterday", "Today"]),
        ("", ["Today", "Tomorrow"]),
    ],
)
def test_list_marks_todos_due_today_in_the_time_zone(as_alice, alice, zone, shown):
    for day in (10, 11):
        make_todo(owner=alice, title=f"{day}", due_on=date(2026, 3, day))
    as_alice.cookies["timezone"] = zone
    page = as_alice.get("/todos/").text
    assert [page.count(f">{text}</time>") for text in shown] == [1, 1]
    assert page.count('class="chip due today"') == 1


@pytest.mark.parametrize(("zone", "day"), [("", 10), (AHEAD, 11)])
def test_quick_add_reads_today_in_the_time_zone(as_alice, zone, day):
    as_alice.cookies["timezone"] = zone
    assert as_alice.get("/api/todos/preview/?quick_add=Call+mum+today").json()["due_on"] == f"2026-03-{day}"
    as_alice.post("/todos/", {"title": "Call mum today"})
    assert Todo.objects.get().due_on == date(2026, 3, day)


@pytest.mark.parametrize(("zone", "day"), [(AHEAD, 11), (BEHIND, 10), ("", 10), ("Gone/From_this_system", 10)])
def test_chosen_time_zone_wins_over_the_detected_one(as_alice, alice, zone, day):
    as_alice.cookies["timezone"] = BEHIND if zone == AHEAD else ""
    Preferences.objects.create(user=alice, time_zone=zone)
    as_alice.post("/todos/", {"title": "Call mum today"})
    assert Todo.objects.get().due_on == date(2026, 3, day)
    assert as_alice.get("/api/todos/").json()[0]["created_at"] == "2026-03-10T12:00:00Z"
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "America", "../../etc/passwd", "/etc/localtime", r'"\000"', "x" * 4000]
)
def test_invalid_time_zone_is_utc(as_alice, alice, zone):
    make_todo(owner=alice, due_on=NOON.date())
    session = as_alice.cookies[settings.SESSION_COOKIE_NAME].value
    # A raw header, because http.cookies can't write control characters, which a client may send as "\000".
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; timezone={zone}"
    assert ">Today</time>" in as_alice.get("/todos/", headers={"Cookie": cookies}).text


def test_api_times_are_in_utc(as_alice, alice):
    make_todo(owner=alice)
    as_alice.cookies["timezone"] = AHEAD
    assert as_alice.get("/api/todos/").json()[0]["created_at"] == "2026-03-10T12:00:00Z"


MIDNIGHTS = """\
BEGIN:VCALENDAR
BEGIN:VTODO
SUMMARY:Midnight in UTC
DUE:20260311T000000Z
END:VTODO
BEGIN:VTODO
SUMMARY:Midnight in Berlin
DUE:20260310T230000Z
END:VTODO
END:VCALENDAR
"""


@pytest.mark.parametrize(
    ("zone", "days"), [("Europe/Berlin", [11, 11]), ("America/Los_Angeles", [10, 10]), ("", [11, 10])]
)
@pytest.mark.parametrize("url", ["/todos/import/", "/api/todos/import/"])
def test_import_reads_times_in_the_request_time_zone(as_alice, alice, url, zone, days):
    as_alice.cookies["timezone"] = zone
    as_alice.post(url, {"file": file(MIDNIGHTS.encode(), "todos.ics")})
    run_queue()
    assert [todo.due_on for todo in alice.todos.in_order()] == [date(2026, 3, day) for day in days]


def test_import_enqueued_without_a_time_zone_reads_times_in_utc(alice):
    ingest.create_upload(alice, file(MIDNIGHTS.encode(), "todos.ics"), import_file)
    run_queue()
    assert [todo.due_on for todo in alice.todos.in_order()] == [date(2026, 3, 11), date(2026, 3, 10)]


@pytest.mark.parametrize(("zone", "day"), [("Europe/Berlin", 11), ("America/Los_Angeles", 10), ("", 10)])
def test_export_writes_days_in_the_request_time_zone(as_alice, alice, zone, day):
    late = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    make_todo(owner=alice, created_at=late, completed_at=late)
    as_alice.cookies["timezone"] = zone
    response = as_alice.get("/api/todos/export/?format=txt")
    assert body(response) == f"x 2026-03-{day} 2026-03-{day} Buy milk\n".encode()
    assert timezone.get_current_timezone_name() == "UTC"
