"""Hiding completed to-dos: they are folded under a heading after the others, which opens and closes."""

import re

import pytest
from django.utils import timezone

from tests.helpers import make_todo
from tests.todos.pages.helpers import HTMX, titles
from todos import filters

PAGE = "/todos/"
EXPANDED = {"section": "expanded"}


@pytest.fixture
def _todos(alice):
    for title in ("active", "completed", "another"):
        make_todo(owner=alice, title=title, completed_at=timezone.now() if title == "completed" else None)


@pytest.fixture
def as_hiding_alice(as_alice, _todos):
    """Return the client of a user who has hidden completed to-dos."""
    assert as_alice.post("/todos/hide-completed/", {"hide": "true"})["Location"] == PAGE
    return as_alice


def heading(page: str) -> str:
    return " ".join(re.search(r'id="completed-heading".*?</svg>(.*?)</a>', page, re.DOTALL)[1].split())


@pytest.mark.usefixtures("_todos")
def test_completed_todos_are_in_place_by_default(as_alice):
    page = as_alice.get(PAGE).text
    assert titles(page) == ["active", "completed", "another"]
    assert "completed-heading" not in page
    assert "Hide completed" in page


def test_hidden_todos_are_counted_and_can_be_shown_again(as_hiding_alice):
    page = as_hiding_alice.get(PAGE).text
    assert titles(page) == ["active", "another"]
    assert heading(page) == "Completed (1)"
    assert "Hide completed" not in page
    as_hiding_alice.post("/todos/hide-completed/")
    assert titles(as_hiding_alice.get(PAGE).text) == ["active", "completed", "another"]


def test_expanded_section_shows_completed_todos_after_the_others(as_hiding_alice, alice, monkeypatch):
    page = as_hiding_alice.get(PAGE, EXPANDED).text
    assert titles(page) == ["active", "another", "completed"]
    assert "All completed to-dos" not in page
    monkeypatch.setattr(filters, "PAGE_SIZE", 1)
    make_todo(owner=alice, title="too many", completed_at=timezone.now())
    page = as_hiding_alice.get(PAGE, EXPANDED).text
    assert titles(page) == ["active", "completed"]
    assert "All completed to-dos" in page
    assert re.search(r'rel="next" href="/todos/\?section=expanded&amp;cursor=', page)


def test_search_and_other_lists_have_no_section(as_hiding_alice):
    assert titles(as_hiding_alice.get(PAGE, {"q": "comp"}).text) == ["completed"]
    assert titles(as_hiding_alice.get("/todos/completed/").text) == ["completed"]
    assert "completed-heading" not in as_hiding_alice.get("/todos/active/", EXPANDED).text


def test_completed_row_leaves_the_list_or_moves_to_the_expanded_section(as_hiding_alice, alice):
    todo = alice.todos.get(title="active")

    def toggle(is_completed: str, section: str) -> str:
        values = {"completed": is_completed, "section": section}
        return as_hiding_alice.post(f"/todos/{todo.pk}/toggle/", values, headers=HTMX).text

    response = toggle("true", section="collapsed")
    assert f'<li id="todo-{todo.pk}" hx-swap-oob="delete">' in response
    assert heading(response) == "Completed (2)"
    assert titles(toggle("", section="expanded")) == ["active"]
    assert titles(toggle("true", section="expanded")) == ["active"]
    everything = as_hiding_alice.post("/todos/toggle-all/", {"completed": "true", **EXPANDED}, headers=HTMX).text
    assert titles(everything) == ["active", "completed", "another"]
    assert heading(everything) == "Completed (3)"


def test_page_that_was_loaded_before_hiding_keeps_completed_rows_in_place(as_hiding_alice, alice):
    todo = alice.todos.get(title="active")
    values = {"completed": "true", "section": ""}
    response = as_hiding_alice.post(f"/todos/{todo.pk}/toggle/", values, headers=HTMX).text
    assert titles(response) == ["active"]
    assert "completed-heading" not in response


def test_list_says_that_everything_is_done(as_hiding_alice, alice):
    alice.todos.active().complete()
    assert "Everything is done." in as_hiding_alice.get(PAGE).text


def test_api_is_not_affected(as_hiding_alice):
    assert len(as_hiding_alice.get("/api/todos/").json()) == 3


def test_cookie_is_safe(as_alice):
    cookie = as_alice.post("/todos/hide-completed/", {"hide": "true"}).cookies["hide_completed"]
    assert (cookie["samesite"], cookie["httponly"]) == ("Lax", True)
    assert int(cookie["max-age"]) > 300 * 86400
