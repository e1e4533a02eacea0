"""The JSON API of to-dos, and the Todo-Backend specification that it implements."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client

from tests.helpers import file, make_todo, problem
from tests.todos.api.test_list import titles
from todos.models import Todo
from uploads.receiving import ingest

JSON = "application/json"


def post(client, **fields):
    return client.post("/api/todos/", fields, content_type=JSON)


def patch(client, todo, **fields):
    return client.patch(f"/api/todos/{todo.pk}/", fields, content_type=JSON)


def test_json_has_all_fields(as_alice, alice):
    upload = ingest.create_upload(alice, file())
    todo = make_todo(owner=alice, notes="two", due_on=date(2030, 1, 31))
    todo.attach(upload)
    response = as_alice.get(f"/api/todos/{todo.pk}/").json()
    for name in ("created_at", "updated_at"):
        assert datetime.fromisoformat(response.pop(name)).tzinfo
    assert response == {
        "id": todo.pk,
        "url": f"http://testserver/api/todos/{todo.pk}/",
        "title": "Buy milk",
        "notes": "two",
        "completed": False,
        "completed_at": None,
        "due_on": "2030-01-31",
        "order": todo.order,
        "attachments": [
            {
                "id": str(upload.pk),
                "url": f"http://testserver/api/uploads/{upload.pk}/",
                "name": "hello.txt",
                "size": 5,
                "content_type": upload.content_type,
                "download_url": f"http://testserver/uploads/{upload.pk}/download/",
            }
        ],
    }


def test_todo_backend_specification(as_alice):
    """The tests of todobackend.com, in their order."""
    assert as_alice.get("/api/todos/").status_code == 200
    assert post(as_alice, title="walk the dog").json()["title"] == "walk the dog"
    deleted = as_alice.delete("/api/todos/")
    assert (deleted.status_code, deleted.json()) == (200, [])
    assert as_alice.get("/api/todos/").json() == []

    made = post(as_alice, title="blah", order=95)
    assert made.status_code == 201
    todo = made.json()
    assert (todo["completed"], todo["order"]) == (False, 95)
    assert made["Location"] == todo["url"]
    assert as_alice.get(todo["url"]).json() == todo
    assert as_alice.get("/api/todos/").json() == [todo]

    changed = as_alice.patch(todo["url"], {"title": "bathe the cat", "completed": True}, content_type=JSON).json()
    assert (changed["title"], changed["completed"], changed["order"]) == ("bathe the cat", True, 95)
    assert as_alice.patch(todo["url"], {"order": -7}, content_type=JSON).json()["order"] == -7
    assert as_alice.get(todo["url"]).json()["title"] == "bathe the cat"
    assert as_alice.delete(todo["url"]).status_code == 204
    assert as_alice.get("/api/todos/").json() == []
    problem(as_alice.get(todo["url"]), 404)


def test_date_in_title_is_not_parsed(as_alice):
    todo = post(as_alice, title="  Pay rent friday ").json()
    assert (todo["title"], todo["due_on"]) == ("Pay rent friday", None)


def test_patch_changes_only_the_given_fields(as_alice, alice):
    todo = make_todo(owner=alice, notes="two", due_on=date(2030, 1, 31))
    patch(as_alice, todo, notes="a\r\nb")
    patch(as_alice, todo, due_on=None)
    todo.refresh_from_db()
    assert (todo.title, todo.notes, todo.due_on) == ("Buy milk", "a\nb", None)


def test_completing_twice_keeps_the_time(as_alice, alice):
    todo = make_todo(owner=alice)
    first = patch(as_alice, todo, completed=True).json()
    assert datetime.fromisoformat(first["completed_at"]) <= datetime.now(UTC)
    assert patch(as_alice, todo, completed=True).json() == first
    assert patch(as_alice, todo, completed=False).json()["completed_at"] is None


def test_attachments_are_replaced(as_alice, as_bob, alice, bob):
    first, second, bobs = (ingest.create_upload(owner, file()) for owner in (alice, alice, bob))
    todo = make_todo(owner=alice)
    for wanted in ([first, second], [second], [second, second], []):
        response = patch(as_alice, todo, attachments=[str(upload.pk) for upload in wanted])
        assert {upload["id"] for upload in response.json()["attachments"]} == {str(upload.pk) for upload in wanted}
    first.trash()
    for upload_id in (bobs.pk, first.pk, todo.pk):
        errors = problem(patch(as_alice, todo, attachments=[str(upload_id)]), 422)["errors"]
        assert str(upload_id) in errors["attachments"][0]
    made = post(as_bob, title="Look", attachments=[str(bobs.pk)]).json()
    assert made["attachments"][0]["name"] == "hello.txt"


def test_deleted_upload_is_not_listed_and_deleted_todo_keeps_its_uploads(as_alice, alice):
    upload = ingest.create_upload(alice, file())
    todo = make_todo(owner=alice)
    todo.attach(upload)
    url = f"/api/todos/{todo.pk}/"
    etag = as_alice.get(url)["ETag"]
    upload.trash()
    without = as_alice.get(url, HTTP_IF_NONE_MATCH=etag)
    assert without.json()["attachments"] == []
    upload.restore()
    assert len(as_alice.get(url, HTTP_IF_NONE_MATCH=without["ETag"]).json()["attachments"]) == 1
    todo.delete()
    assert as_alice.get(f"/api/uploads/{upload.pk}/").status_code == 200


def test_delete_all_or_completed(as_alice, alice, bob):
    make_todo(owner=alice, title="done", completed_at=datetime.now(UTC))
    make_todo(owner=alice, title="to do")
    make_todo(owner=bob, title="bob's")
    problem(as_alice.delete("/api/todos/?completed=yes"), 400)
    assert as_alice.delete("/api/todos/?completed=true").json() == []
    assert titles(as_alice.get("/api/todos/")) == ["to do"]
    assert as_alice.delete("/api/todos/").json() == []
    assert as_alice.get("/api/todos/").json() == []
    assert Todo.objects.in_trash().count() == 2
    assert Todo.objects.visible_to(bob).exists()


def test_another_users_todo_returns_404(as_bob, visitor, alice):
    todo = make_todo(owner=alice)
    url = f"/api/todos/{todo.pk}/"
    assert as_bob.get("/api/todos/").json() == []
    for method in ("get", "patch", "delete"):
        for header in ({}, {"HTTP_IF_MATCH": todo.etag}):
            problem(getattr(as_bob, method)(url, content_type=JSON, **header), 404)
            problem(getattr(visitor, method)(url, content_type=JSON, **header), 401)
    problem(visitor.post("/api/todos/", {"title": "x"}, content_type=JSON), 401)
    problem(visitor.delete("/api/todos/"), 401)
    todo.refresh_from_db()
    assert (todo.title, todo.version, todo.deleted_at) == ("Buy milk", 1, None)


def test_requests_without_csrf_token_and_other_methods_are_rejected(alice):
    todo = make_todo(owner=alice)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert "X-CSRFToken" in problem(post(client, title="x"), 403)["detail"]
    problem(patch(client, todo, title="x"), 403)
    problem(client.delete("/api/todos/"), 403)
    token = client.get("/api/session/").json()["csrf_token"]
    fields = {"title": "x"}
    assert client.post("/api/todos/", fields, content_type=JSON, HTTP_X_CSRFTOKEN=token).status_code == 201
    problem(client.put("/api/todos/", fields, content_type=JSON, HTTP_X_CSRFTOKEN=token), 405)
    problem(client.post(f"/api/todos/{todo.pk}/", fields, content_type=JSON, HTTP_X_CSRFTOKEN=token), 405)


class TestConditionalRequests:
    def test_unchanged_todo_returns_304(self, as_alice, alice):
        todo = make_todo(owner=alice)
        url = f"/api/todos/{todo.pk}/"
        etag = as_alice.get(url)["ETag"]
        assert etag == f'"{todo.pk}-1"'
        unchanged = as_alice.get(url, HTTP_IF_NONE_MATCH=etag)
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert patch(as_alice, todo, title="x")["ETag"] == f'"{todo.pk}-2"'
        assert as_alice.get(url, HTTP_IF_NONE_MATCH=etag).json()["title"] == "x"
        assert post(as_alice, title="new")["ETag"].endswith('-1"')

    def test_outdated_if_match_returns_412_with_current_todo(self, as_alice, alice):
        todo = make_todo(owner=alice)
        url, stale = f"/api/todos/{todo.pk}/", todo.etag
        current = patch(as_alice, todo, title="Buy bread").json()
        rejected = as_alice.patch(url, {"title": "x"}, content_type=JSON, HTTP_IF_MATCH=stale)
        assert problem(rejected, 412)["current"] == current
        assert problem(as_alice.delete(url, HTTP_IF_MATCH=stale), 412)["current"] == current
        assert as_alice.get(url).json() == current

    @pytest.mark.parametrize("form", ["{}", "*", "W/{}", '"other", {}'])
    def test_current_if_match_succeeds(self, as_alice, alice, form):
        todo = make_todo(owner=alice)
        url = f"/api/todos/{todo.pk}/"
        given = {"title": "x"}
        changed = as_alice.patch(url, given, content_type=JSON, HTTP_IF_MATCH=form.format(todo.etag))
        assert changed.json()["title"] == "x"
        assert as_alice.delete(url, HTTP_IF_MATCH=form.format(changed["ETag"])).status_code == 204

    def test_invalid_if_match_returns_412(self, as_alice, alice):
        todo = make_todo(owner=alice)
        for nonsense in ("", "nonsense", '"', todo.etag.strip('"')):
            problem(as_alice.delete(f"/api/todos/{todo.pk}/", HTTP_IF_MATCH=nonsense), 412)

    def test_every_write_increments_the_version(self, alice):
        todo, other = make_todo(owner=alice), make_todo(owner=alice)
        mine = Todo.objects.filter(pk=todo.pk)
        writes = [
            lambda: mine.complete() or mine.reactivate(),
            lambda: mine.trash(),
            lambda: mine.restore(),
            lambda: Todo.objects.move(todo.pk, after=other.pk),
            lambda: Todo.objects.get(pk=todo.pk).save(),
            lambda: Todo.objects.get(pk=todo.pk).save(update_fields=["title"]),
            lambda: Todo.objects.get(pk=todo.pk).set_attachments([]),
        ]
        for version, write in enumerate(writes, start=2):
            write()
            assert mine.get().version == version

    def test_patch_without_changes_writes_nothing(self, as_alice, alice):
        todo = make_todo(owner=alice)
        assert patch(as_alice, todo, title=" Buy milk ", completed=False)["ETag"] == todo.etag
