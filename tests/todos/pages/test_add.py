"""Adding to-dos by the form of the list, without JavaScript."""

import pytest
from django.utils import timezone

from todos.models import Todo


def test_new_todo_appears_in_the_list(as_alice, alice):
    response = as_alice.post("/todos/", {"title": "  Buy milk  "})
    assert (response.status_code, response["Location"]) == (302, "/todos/")
    todo = Todo.objects.get()
    assert (todo.title, todo.owner, todo.is_completed) == ("Buy milk", alice, False)
    page = as_alice.get("/todos/").text
    assert "Buy milk" in page
    assert "<strong>1</strong> item left" in page


@pytest.mark.parametrize("title", ["", "   ", "x" * 501, "nul\0"])
def test_invalid_title_is_reported(as_alice, title):
    response = as_alice.post("/todos/", {"title": title})
    assert response.status_code == 422
    assert 'class="error"' in response.text
    assert not Todo.objects.exists()


def test_invalid_title_stays_in_the_input(as_alice):
    page = as_alice.post("/todos/", {"title": "y" * 501}).text
    assert "y" * 501 in page


def test_lone_surrogate_becomes_replacement_characters(as_alice):
    body, content_type = b"title=Buy %ED%A0%80", "application/x-www-form-urlencoded"
    assert as_alice.post("/todos/", body, content_type=content_type).status_code == 302
    assert set(Todo.objects.get().title.removeprefix("Buy ")) == {"\ufffd"}


def test_title_of_500_characters_is_valid(as_alice):
    assert as_alice.post("/todos/", {"title": "x" * 500}).status_code == 302


@pytest.mark.usefixtures("frozen_time")
def test_date_at_the_end_becomes_the_due_date_unless_kept_as_typed(as_alice):
    today = timezone.localdate()
    as_alice.post("/todos/", {"title": "Call mum today"})
    as_alice.post("/todos/", {"title": "Paint today", "as_typed": "true"})
    assert list(Todo.objects.values_list("title", "due_on")) == [("Call mum", today), ("Paint today", None)]
