"""The list by plain forms: no JavaScript takes part."""

import pytest
from django.utils import timezone

from tests.helpers import make_todo
from todos.models import Todo


def test_an_empty_list_says_what_to_do(as_alice):
    assert "Write down the first thing" in as_alice.get("/todos/").text


def test_adding(as_alice, alice):
    response = as_alice.post("/todos/", {"title": "  Buy milk  "})
    assert (response.status_code, response["Location"]) == (302, "/todos/")
    todo = Todo.objects.get()
    assert (todo.title, todo.owner, todo.is_completed) == ("Buy milk", alice, False)
    page = as_alice.get("/todos/").text
    assert "Buy milk" in page
    assert "1 item left" in page


@pytest.mark.parametrize("title", ["", "   ", "x" * 501, "nul\0"])
def test_a_title_that_is_none_is_refused_and_said(as_alice, title):
    response = as_alice.post("/todos/", {"title": title})
    assert response.status_code == 422
    assert 'class="error"' in response.text
    assert not Todo.objects.exists()


def test_half_a_surrogate_pair_arrives_as_a_replacement_character(as_alice):
    body, content_type = b"title=Buy %ED%A0%80", "application/x-www-form-urlencoded"
    assert as_alice.post("/todos/", body, content_type=content_type).status_code == 302
    assert set(Todo.objects.get().title.removeprefix("Buy ")) == {"\ufffd"}


def test_what_was_typed_is_not_lost_when_it_is_refused(as_alice):
    page = as_alice.post("/todos/", {"title": "y" * 501}).text
    assert "y" * 501 in page


def test_a_title_of_500_characters_is_fine(as_alice):
    assert as_alice.post("/todos/", {"title": "x" * 500}).status_code == 302


def test_completing_and_taking_it_back(as_alice, alice):
    todo = make_todo(owner=alice)
    assert as_alice.post(f"/todos/{todo.pk}/toggle/")["Location"] == "/todos/"
    todo.refresh_from_db()
    assert todo.completed_at <= timezone.now()
    page = as_alice.get("/todos/").text
    assert 'class="completed"' in page
    assert "0 items left" in page
    as_alice.post(f"/todos/{todo.pk}/toggle/")
    todo.refresh_from_db()
    assert todo.completed_at is None


def test_editing(as_alice, alice):
    todo = make_todo(owner=alice)
    assert "Buy milk" in as_alice.get(f"/todos/{todo.pk}/").text
    response = as_alice.post(f"/todos/{todo.pk}/", {"title": "Buy oat milk", "notes": "two", "due_on": "2030-01-31"})
    assert response["Location"] == "/todos/"
    todo.refresh_from_db()
    assert (todo.title, todo.notes, str(todo.due_on)) == ("Buy oat milk", "two", "2030-01-31")


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"title": "x", "due_on": "soon"}, {"title": "x", "notes": "n" * 20_001}]
)
def test_a_wrong_edit_changes_nothing(as_alice, alice, wrong):
    todo = make_todo(owner=alice)
    response = as_alice.post(f"/todos/{todo.pk}/", wrong)
    assert response.status_code == 422
    assert "errorlist" in response.text
    todo.refresh_from_db()
    assert todo.title == "Buy milk"


def test_deleting(as_alice, alice):
    todo = make_todo(owner=alice)
    response = as_alice.post(f"/todos/{todo.pk}/delete/", follow=True)
    assert not Todo.objects.visible_to(alice).exists()
    assert "Deleted “Buy milk”." in response.text


def test_someone_elses_todo_does_not_exist(as_bob, visitor, alice):
    todo = make_todo(owner=alice)
    assert "Buy milk" not in as_bob.get("/todos/").text
    for method, url in [("get", ""), ("post", ""), ("post", "toggle/"), ("post", "delete/")]:
        assert getattr(as_bob, method)(f"/todos/{todo.pk}/{url}").status_code == 404
        assert getattr(visitor, method)(f"/todos/{todo.pk}/{url}").status_code == 302
    todo.refresh_from_db()
    assert (todo.title, todo.completed_at) == ("Buy milk", None)


def test_a_link_can_not_change_anything(as_alice, alice):
    todo = make_todo(owner=alice)
    for url in ("toggle/", "delete/"):
        assert as_alice.get(f"/todos/{todo.pk}/{url}").status_code == 405
    assert Todo.objects.active().exists()


def test_titles_are_escaped(as_alice, alice):
    make_todo(owner=alice, title="<script>alert(1)</script>")
    assert "<script>alert" not in as_alice.get("/todos/").text


def test_the_list_costs_the_same_queries_however_long(as_alice, alice, django_assert_num_queries):
    for _ in range(30):
        make_todo(owner=alice)
    with django_assert_num_queries(4):  # session, user, to-dos, attachments
        as_alice.get("/todos/")
