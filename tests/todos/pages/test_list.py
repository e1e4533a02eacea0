"""The pages of the list: rows, filters and pagination."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.helpers import make_todo
from tests.todos.pages.helpers import HTMX, titles
from todos.filters import PAGE_SIZE
from todos.models import Todo


def test_empty_list_has_instructions(as_alice):
    assert "Type your first to-do" in as_alice.get("/todos/").text


def test_titles_are_escaped(as_alice, alice):
    make_todo(owner=alice, title="<script>alert(1)</script>")
    assert "<script>alert" not in as_alice.get("/todos/").text


def test_number_of_queries_does_not_grow_with_the_list(as_alice, alice, django_assert_num_queries):
    for _ in range(30):
        make_todo(owner=alice)
    with django_assert_num_queries(5):  # session, user, to-dos, their files, counts
        as_alice.get("/todos/")


def test_filters_and_search(as_alice, alice):
    make_todo(owner=alice, title="Buy milk")
    make_todo(owner=alice, title="Buy bread", completed_at=timezone.now())
    make_todo(owner=alice, title="Call mum", notes="about the milk")
    assert titles(as_alice.get("/todos/").text) == ["Buy milk", "Buy bread", "Call mum"]
    assert titles(as_alice.get("/todos/active/").text) == ["Buy milk", "Call mum"]
    assert titles(as_alice.get("/todos/completed/").text) == ["Buy bread"]
    assert titles(as_alice.get("/todos/?q=milk").text) == ["Buy milk", "Call mum"]
    assert titles(as_alice.get("/todos/completed/?q=milk").text) == []
    assert 'href="/todos/active/?q=milk"' in as_alice.get("/todos/?q=milk").text
    assert "No to-dos match “&lt;b&gt;”." in as_alice.get("/todos/?q=<b>").text
    assert titles(as_alice.get("/todos/?q=%00").text) == titles(as_alice.get("/todos/").text)


def test_change_redirects_to_the_same_filtered_list(as_alice, alice):
    todo = make_todo(owner=alice)
    filter_fields = {"filter": "active", "q": "milk"}
    assert as_alice.post(f"/todos/{todo.pk}/toggle/", filter_fields)["Location"] == "/todos/active/?q=milk"
    assert as_alice.post("/todos/", {"title": "More milk", **filter_fields})["Location"] == "/todos/active/?q=milk"
    assert as_alice.post("/todos/toggle-all/", {"filter": "nonsense"})["Location"] == "/todos/"


def test_menu_leads_to_import_and_trash(as_alice):
    page = as_alice.get("/todos/").text
    menu = re.search(r'<details class="menu list-menu">.*?</details>', page, re.DOTALL)[0]
    assert re.findall(r'href="(.*?)"', menu) == ["/todos/import/", "/trash/"]


def test_long_list_is_paginated(as_alice, alice):
    Todo.objects.append(alice, [Todo(title=f"Step {number}") for number in range(PAGE_SIZE + 3)])
    first = as_alice.get("/todos/?q=step").text
    assert len(titles(first)) == PAGE_SIZE
    next_url = re.search(r'rel="next" href="(.*?)"', first)[1].replace("&amp;", "&")
    Todo.objects.get(title=f"Step {PAGE_SIZE - 1}").delete()  # the cursor contains its position
    rest = [f"Step {PAGE_SIZE + number}" for number in range(3)]
    page = as_alice.get(next_url).text
    assert titles(page) == rest
    assert 'rel="next"' not in page
    fragment = as_alice.get(next_url, headers=HTMX).text
    assert titles(fragment) == rest
    assert "<html" not in fragment


def test_page_after_the_largest_position(as_alice, alice):
    largest = 2**63 - 1
    Todo.objects.bulk_create(Todo(owner=alice, title=f"{n}", order=largest - PAGE_SIZE + n) for n in range(PAGE_SIZE))
    make_todo(owner=alice, title="last", order=largest)
    next_url = re.search(r'rel="next" href="(.*?)"', as_alice.get("/todos/").text)[1]
    assert titles(as_alice.get(next_url).text) == ["last"]


@pytest.mark.parametrize("cursor", ["x", "1", "_", "1_", "_1", "1_x", "\0", "1.5_1", "9" * 5000 + "_1"])
def test_invalid_cursor_shows_the_first_page(as_alice, alice, cursor):
    make_todo(owner=alice)
    assert titles(as_alice.get("/todos/", {"cursor": cursor}).text) == ["Buy milk"]


@pytest.mark.usefixtures("frozen_time")
@pytest.mark.parametrize(
    ("days", "marked"), [(-2, 'class="chip due overdue"'), (0, 'class="chip due today"'), (1, 'class="chip due "')]
)
def test_overdue_todos_and_todos_due_today_are_marked(as_alice, alice, days, marked):
    todo = make_todo(owner=alice, due_on=timezone.localdate() + timedelta(days=days))
    page = as_alice.get("/todos/").text
    assert marked in page
    assert {-2: "Overdue: ", 0: "Today", 1: "Tomorrow"}[days] in page
    as_alice.post(f"/todos/{todo.pk}/toggle/", {"completed": "true"})
    assert 'class="chip due "' in as_alice.get("/todos/").text
