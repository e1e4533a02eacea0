"""Lists in the JSON API: filters, search and pagination."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.helpers import file, make_todo, problem
from todos import api
from todos.models import Todo
from uploads.receiving import ingest


def titles(response) -> list[str]:
    return [todo["title"] for todo in response.json()]


def test_filters_and_search(as_alice, alice):
    make_todo(owner=alice, title="Buy oat milk")
    make_todo(owner=alice, title="Call mum", notes="about the MILK", completed_at=datetime.now(UTC))
    make_todo(owner=alice, title="100 % sure")

    def get_titles(**query):
        return titles(as_alice.get("/api/todos/", query))

    assert get_titles(filter="all") == ["Buy oat milk", "Call mum", "100 % sure"]
    assert get_titles(filter="active") == ["Buy oat milk", "100 % sure"]
    assert get_titles(filter="completed") == ["Call mum"]
    assert get_titles(q="milk") == ["Buy oat milk", "Call mum"]
    assert get_titles(q=" milk  OAT ") == ["Buy oat milk"]
    assert get_titles(q="%") == ["100 % sure"]
    assert get_titles(q="milk", filter="completed") == ["Call mum"]
    for invalid in ({"filter": "done"}, {"time_zone": "Mars"}, {"q": "x" * 201}, {"q": "nul\0"}):
        assert "?filter=all" in problem(as_alice.get("/api/todos/", invalid), 400)["detail"]


def test_long_list_is_paginated_by_link_header(as_alice, alice, monkeypatch):
    monkeypatch.setattr(api, "PAGE_SIZE", 3)
    for number in range(7):
        make_todo(owner=alice, title=f"milk {number}", order=number // 2)
    make_todo(owner=alice, title="bread", order=1)
    found, url = [], "/api/todos/?q=milk"
    while url:
        response = as_alice.get(url)
        found.append(titles(response))
        Todo.objects.filter(title=found[-1][-1]).trash()  # the next page begins after its old position
        link = response.get("Link")
        url = link and link.removeprefix("<").removesuffix('>; rel="next"')
    assert found == [["milk 0", "milk 1", "milk 2"], ["milk 3", "milk 4", "milk 5"], ["milk 6"]]


class TestListsByDueDate:
    NOW = datetime.now(UTC).replace(hour=20)
    """An hour at which the next day has begun in Tokyo."""

    @pytest.fixture(autouse=True)
    def _todos(self, alice):
        for days in (2, 0, 1):
            make_todo(owner=alice, title=f"{days}", due_on=self.NOW.date() + timedelta(days=days))
        make_todo(owner=alice, title="done", due_on=self.NOW.date(), completed_at=self.NOW)
        with time_machine.travel(self.NOW, tick=False):
            yield

    def test_today_is_the_day_in_the_time_zone_of_the_query(self, as_alice, as_bob):
        def get_titles(client=as_alice, **query):
            return titles(client.get("/api/todos/", query))

        assert get_titles(filter="today") == ["0"]
        assert get_titles(filter="upcoming") == ["1", "2"]
        assert get_titles(filter="today", time_zone="Asia/Tokyo") == ["0", "1"]
        assert get_titles(filter="upcoming", q="2") == ["2"]
        assert get_titles(as_bob, filter="today") == []

    def test_list_is_paginated(self, as_alice, monkeypatch):
        monkeypatch.setattr(api, "PAGE_SIZE", 1)
        response = as_alice.get("/api/todos/", {"filter": "today", "time_zone": "Asia/Tokyo"})
        assert titles(response) == ["0"]
        response = as_alice.get(response["Link"].removeprefix("<").removesuffix('>; rel="next"'))
        assert titles(response) == ["1"]
        assert "Link" not in response

    def test_cursor_of_another_list_returns_400(self, as_alice):
        problem(as_alice.get("/api/todos/", {"filter": "today", "cursor": "1_1"}), 400)
        problem(as_alice.get("/api/todos/", {"cursor": "2030-01-31_1_1"}), 400)


@pytest.mark.parametrize("cursor", ["x", "1", "_", "1_", "_1", "1_x", "\0", "1.5_1", "9" * 5000 + "_1"])
def test_invalid_cursor_returns_400(as_alice, cursor):
    problem(as_alice.get("/api/todos/", {"cursor": cursor}), 400)


def test_numbers_beyond_the_range_of_the_database(as_alice, alice):
    make_todo(owner=alice)
    large = "9" * 30
    assert as_alice.get("/api/todos/", {"cursor": f"{large}_{large}"}).json() == []
    assert titles(as_alice.get("/api/todos/", {"cursor": f"-{large}_{large}"})) == ["Buy milk"]
    problem(as_alice.get(f"/api/todos/{large}/"), 404)
    problem(as_alice.delete(f"/api/todos/{large}/"), 404)


def test_number_of_queries_does_not_grow_with_the_list(as_alice, alice, django_assert_num_queries):
    upload = ingest.create_upload(alice, file())
    for _ in range(30):
        make_todo(owner=alice).attach(upload)
    with django_assert_num_queries(4):  # session, user, to-dos, their files
        as_alice.get("/api/todos/")
