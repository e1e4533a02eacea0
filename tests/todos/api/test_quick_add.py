"""`quick_add` and its preview in the JSON API."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from tests.helpers import make_todo, problem
from todos.models import Todo

JSON = "application/json"
LATE = "Pacific/Kiritimati"  # 14 hours ahead of UTC
DUE = "2030-01-31"


@pytest.fixture(autouse=True)
def _noon(as_alice):
    with time_machine.travel(datetime(2026, 11, 25, 12, tzinfo=UTC), tick=False):  # a Wednesday
        yield


def add(client, **fields) -> tuple[str, str | None]:
    response = client.post("/api/todos/", fields, content_type=JSON)
    assert response.status_code == 201, response.text
    return response.json()["title"], response.json()["due_on"]


def change(client, todo: Todo, **fields) -> tuple[str, str | None]:
    response = client.patch(f"/api/todos/{todo.pk}/", fields, content_type=JSON)
    assert response.status_code == 200, response.text
    return response.json()["title"], response.json()["due_on"]


class TestPost:
    def test_date_in_title_is_not_parsed(self, as_alice):
        assert add(as_alice, title="Pay rent friday") == ("Pay rent friday", None)

    def test_date_at_the_end_of_quick_add_becomes_the_due_date(self, as_alice):
        assert add(as_alice, quick_add=" Pay rent friday ") == ("Pay rent", "2026-11-27")

    def test_quick_add_without_a_date_is_the_title(self, as_alice):
        assert add(as_alice, quick_add="Rent every friday") == ("Rent every friday", None)

    @pytest.mark.parametrize("due_on", [DUE, None])
    def test_line_is_the_title_if_due_on_is_given(self, as_alice, due_on):
        assert add(as_alice, quick_add="Pay rent friday", due_on=due_on) == ("Pay rent friday", due_on)

    @pytest.mark.parametrize(("zone", "day"), [(LATE, "26"), ("", "25"), ("Mars/Olympus", "25"), ("America", "25")])
    def test_today_is_the_day_in_the_time_zone(self, as_alice, zone, day):
        assert add(as_alice, quick_add="Pay rent today", time_zone=zone) == ("Pay rent", f"2026-11-{day}")

    def test_today_defaults_to_the_day_in_the_time_zone_of_the_cookie(self, as_alice):
        as_alice.cookies["timezone"] = LATE
        assert add(as_alice, quick_add="Pay rent today") == ("Pay rent", "2026-11-26")


class TestPatch:
    def test_quick_add_changes_title_and_due_date(self, as_alice, alice):
        todo = make_todo(owner=alice, due_on=date(2030, 1, 31), notes="kept")
        assert change(as_alice, todo, quick_add="Pay rent friday") == ("Pay rent", "2026-11-27")
        todo.refresh_from_db()
        assert todo.notes == "kept"

    def test_quick_add_without_a_date_keeps_the_due_date(self, as_alice, alice):
        todo = make_todo(owner=alice, due_on=date(2030, 1, 31))
        assert change(as_alice, todo, quick_add="Pay rent") == ("Pay rent", DUE)

    def test_line_is_the_title_if_due_on_is_given(self, as_alice, alice):
        todo = make_todo(owner=alice, due_on=date(2030, 1, 31))
        assert change(as_alice, todo, quick_add="Pay rent friday", due_on=None) == ("Pay rent friday", None)

    def test_date_in_title_is_not_parsed(self, as_alice, alice):
        todo = make_todo(owner=alice)
        assert change(as_alice, todo, title="Pay rent friday") == ("Pay rent friday", None)


class TestPreview:
    URL = "/api/todos/preview/"

    def test_returns_title_due_date_and_phrase(self, as_alice):
        response = as_alice.get(self.URL, {"quick_add": " Pay  rent by friday "})
        assert response.json() == {"title": "Pay  rent", "due_on": "2026-11-27", "phrase": "by friday"}
        assert "no-store" in response["Cache-Control"]
        assert not Todo.objects.exists()

    @pytest.mark.parametrize("line", ["", " ", "friday", "Rent every friday", "\0", "x" * 5000])
    def test_line_without_a_date_has_no_due_date(self, as_alice, line):
        assert as_alice.get(self.URL, {"quick_add": line}).json() == {
            "title": line.strip(),
            "due_on": None,
            "phrase": "",
        }
        assert as_alice.get(self.URL).json()["title"] == ""

    @pytest.mark.parametrize(("zone", "day"), [(LATE, 26), ("Mars/Olympus", 25), ("x" * 4000, 25), ("\0", 25)])
    def test_today_is_the_day_in_the_time_zone(self, as_alice, zone, day):
        response = as_alice.get(self.URL, {"quick_add": "Pay rent today", "time_zone": zone})
        assert response.json()["due_on"] == f"2026-11-{day}"

    def test_requires_login_and_get(self, as_alice, visitor):
        problem(visitor.get(self.URL, {"quick_add": "Pay rent today"}), 401)
        problem(as_alice.post(self.URL), 405)
