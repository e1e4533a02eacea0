"""The pages Today and Upcoming: active to-dos by due date."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.helpers import make_todo
from tests.todos.pages.helpers import HTMX, titles
from todos import filters
from todos.dates import DueDate
from todos.models import Todo

TODAY, UPCOMING = "/todos/today/", "/todos/upcoming/"

pytestmark = pytest.mark.usefixtures("frozen_time")


@pytest.fixture
def make_due(alice):
    """Return a function that creates a to-do due in this number of days."""

    def make(title: str, days: int | None, **values: object) -> Todo:
        due_on = None if days is None else timezone.localdate() + timedelta(days=days)
        return make_todo(owner=alice, title=title, due_on=due_on, **values)

    return make


@pytest.fixture
def _todos(make_due):
    for title, days in (("later", 9), ("tomorrow", 1), ("today", 0), ("overdue", -3), ("someday", None)):
        make_due(title, days)
    for days in (-1, 0, 1):
        make_due("done", days, completed_at=timezone.now())
    make_due("deleted", 0, deleted_at=timezone.now())


def heading_in(days: int) -> str:
    return DueDate.of(timezone.localdate() + timedelta(days=days), is_completed=False).heading


def headings(page: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page)


@pytest.mark.usefixtures("_todos")
def test_lists_contain_active_todos_sorted_by_due_date(as_alice):
    assert titles(as_alice.get(TODAY).text) == ["overdue", "today"]
    assert titles(as_alice.get(UPCOMING).text) == ["tomorrow", "later"]
    assert titles(as_alice.get(TODAY, {"q": "over"}).text) == ["overdue"]
    assert titles(as_alice.get(UPCOMING, {"q": "today"}).text) == []


@pytest.mark.usefixtures("_todos")
def test_lists_show_their_own_counts_and_no_links_to_other_filters(as_alice):
    page = as_alice.get(TODAY, {"q": "over"}).text
    assert 'data-total="2" data-active="2"' in page
    assert "Active</a>" not in page
    assert 'class="grip"' not in page
    assert '<h1 id="todos-title">Today</h1>' in page
    assert 'class="grip"' in as_alice.get("/todos/").text


@pytest.mark.usefixtures("_todos")
def test_lists_are_grouped_by_headings(as_alice, make_due):
    make_due("tomorrow too", 1)
    assert headings(as_alice.get(TODAY).text) == ["Overdue", "Today"]
    page = as_alice.get(UPCOMING).text
    assert headings(page) == ["Tomorrow", heading_in(9)]
    first, second = page.split("<section data-group=")[1:]
    assert titles(first) == ["tomorrow", "tomorrow too"]
    assert titles(second) == ["later"]
    assert headings(as_alice.get("/todos/").text) == []


def test_empty_lists_say_so(as_alice, make_due):
    make_due("someday", None)
    assert "Nothing is due today." in as_alice.get(TODAY).text
    assert "Nothing is due after today." in as_alice.get(UPCOMING).text


@pytest.mark.usefixtures("_todos")
def test_lists_of_another_user_are_empty(as_bob, visitor):
    for url in (TODAY, UPCOMING):
        assert titles(as_bob.get(url).text) == []
        assert visitor.get(url)["Location"] == f"/accounts/login/?next={url}"


def test_today_is_the_day_in_the_time_zone_of_the_browser(as_alice, alice):
    now = timezone.now().replace(hour=20)
    make_todo(owner=alice, title="Pay rent", due_on=now.date() + timedelta(days=1))
    with time_machine.travel(now, tick=False):
        assert titles(as_alice.get(TODAY).text) == []
        as_alice.cookies["timezone"] = "Asia/Tokyo"
        assert titles(as_alice.get(TODAY).text) == ["Pay rent"]


def test_list_is_paginated_by_due_date_and_position(as_alice, make_due, monkeypatch):
    monkeypatch.setattr(filters, "PAGE_SIZE", 3)
    monkeypatch.setattr(filters, "NEXT_PAGE_SIZE", 2)
    for number, days in enumerate([5, 2, 2, 7, 2, 5, 5]):
        make_due(f"{number}", days, order=number // 2)
    found, url = [], UPCOMING
    while url:
        page = as_alice.get(url).text
        found.append(titles(page))
        link = re.search(r'rel="next" href="(.*?)"', page)
        url = link and link[1].replace("&amp;", "&")
        Todo.objects.get(title=found[-1][-1]).delete()  # the cursor contains its position
    assert found == [["1", "2", "4"], ["0", "5"], ["6", "3"]]


@pytest.mark.parametrize("cursor", ["1_1", "2030-13-01_1_1", "2030-01-01_1", "2030-01-01_2030-01-01_1_1", "_1_1"])
def test_invalid_cursor_shows_the_first_page(as_alice, make_due, cursor):
    make_due("tomorrow", 1)
    assert titles(as_alice.get(UPCOMING, {"cursor": cursor}).text) == ["tomorrow"]
    assert titles(as_alice.get("/todos/", {"cursor": "2030-01-01_1_1"}).text) == ["tomorrow"]


@pytest.mark.parametrize(("status", "days"), [("today", 0), ("upcoming", 1), ("all", None)])
def test_added_todo_without_a_date_gets_the_date_of_the_list(as_alice, status, days):
    def added(url: str, **values: str) -> list[int | None]:
        Todo.objects.all().delete()
        response = as_alice.post(url, {"filter": status, **values}, headers=HTMX)
        assert len(titles(response.text)) == Todo.objects.count()
        due_dates = Todo.objects.in_order().values_list("due_on", flat=True)
        return [due_on and (due_on - timezone.localdate()).days for due_on in due_dates]

    assert added("/todos/", title="Call mum") == [days]
    assert added("/todos/", title="Paint tomorrow", as_typed="true") == [days]
    assert added("/todos/several/", lines="Call mum\nCall dad") == [days, days]


def test_date_at_the_end_of_a_title_has_precedence(as_alice):
    as_alice.post("/todos/", {"title": "Call mum tomorrow", "filter": "today"})
    assert Todo.objects.get().due_on == timezone.localdate() + timedelta(days=1)


@pytest.mark.usefixtures("_todos")
def test_mark_all_as_complete_changes_only_the_list(as_alice):
    response = as_alice.post("/todos/toggle-all/", {"completed": "true", "filter": "today", "q": "over"})
    assert response["Location"].startswith(f"{TODAY}?q=over&undo=")
    active = Todo.objects.active().filter(deleted_at=None).in_order()
    assert [todo.title for todo in active] == ["later", "tomorrow", "someday"]


@pytest.mark.usefixtures("_todos")
def test_changed_row_leaves_and_enters_the_list(as_alice, alice):
    todo = Todo.objects.get(title="today")
    response = as_alice.post(
        f"/todos/{todo.pk}/rename/", {"title": "Call mum tomorrow", "filter": "today"}, headers=HTMX
    )
    assert f'<li id="todo-{todo.pk}" hx-swap-oob="delete">' in response.text
    assert 'data-total="1"' in response.text
    changes = as_alice.get("/todos/changes/", {"id": todo.pk, "filter": "upcoming"}, headers=HTMX).text
    assert titles(changes) == ["Call mum"]
    assert f'datetime="{timezone.localdate() + timedelta(days=1)}"' in changes
    assert titles(as_alice.get("/todos/changes/", {"id": todo.pk, "filter": "today"}, headers=HTMX).text) == []
