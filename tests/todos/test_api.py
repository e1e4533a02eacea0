"""/api/todos/: the JSON of to-dos, the convention that it meets, and lists that are paged."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client

from tests.helpers import file, make_todo, problem
from todos import api
from todos.models import Todo
from uploads.receiving import ingest

JSON = "application/json"


def post(client, **fields):
    return client.post("/api/todos/", fields, content_type=JSON)


def patch(client, todo, **fields):
    return client.patch(f"/api/todos/{todo.pk}/", fields, content_type=JSON)


def titles(response) -> list[str]:
    return [todo["title"] for todo in response.json()]


def test_the_json_of_a_todo(as_alice, alice):
    upload = ingest.create_upload(alice, file())
    todo = make_todo(owner=alice, notes="two", due_on=date(2030, 1, 31))
    todo.attach(upload)
    answer = as_alice.get(f"/api/todos/{todo.pk}/").json()
    for name in ("created_at", "updated_at"):
        assert datetime.fromisoformat(answer.pop(name)).tzinfo
    assert answer == {
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


def test_it_meets_the_todo_backend_convention(as_alice):
    """What the specification of todobackend.com asks for, in its order."""
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


def test_a_title_means_what_it_says(as_alice):
    todo = post(as_alice, title="  Pay rent friday ").json()
    assert (todo["title"], todo["due_on"]) == ("Pay rent friday", None)


def test_a_patch_changes_what_it_names_and_nothing_else(as_alice, alice):
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


def test_files_are_hung_on_and_taken_off(as_alice, as_bob, alice, bob):
    first, second, bobs = (ingest.create_upload(owner, file()) for owner in (alice, alice, bob))
    todo = make_todo(owner=alice)
    for wanted in ([first, second], [second], [second, second], []):
        answer = patch(as_alice, todo, attachments=[str(upload.pk) for upload in wanted])
        assert {upload["id"] for upload in answer.json()["attachments"]} == {str(upload.pk) for upload in wanted}
    first.trash()
    for upload_id in (bobs.pk, first.pk, todo.pk):
        errors = problem(patch(as_alice, todo, attachments=[str(upload_id)]), 422)["errors"]
        assert str(upload_id) in errors["attachments"][0]
    made = post(as_bob, title="Look", attachments=[str(bobs.pk)]).json()
    assert made["attachments"][0]["name"] == "hello.txt"


def test_a_deleted_file_is_no_longer_told_of_and_a_deleted_todo_leaves_its_files(as_alice, alice):
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


def test_filters_and_search(as_alice, alice):
    make_todo(owner=alice, title="Buy oat milk")
    make_todo(owner=alice, title="Call mum", notes="about the MILK", completed_at=datetime.now(UTC))
    make_todo(owner=alice, title="100 % sure")

    def ask(**query):
        return titles(as_alice.get("/api/todos/", query))

    assert ask(filter="all") == ["Buy oat milk", "Call mum", "100 % sure"]
    assert ask(filter="active") == ["Buy oat milk", "100 % sure"]
    assert ask(filter="completed") == ["Call mum"]
    assert ask(q="milk") == ["Buy oat milk", "Call mum"]
    assert ask(q=" milk  OAT ") == ["Buy oat milk"]
    assert ask(q="%") == ["100 % sure"]
    assert ask(q="milk", filter="completed") == ["Call mum"]
    for wrong in ({"filter": "done"}, {"q": "x" * 201}, {"q": "nul\0"}):
        assert "?filter=all" in problem(as_alice.get("/api/todos/", wrong), 400)["detail"]


def test_a_long_list_is_paged_by_link(as_alice, alice, monkeypatch):
    monkeypatch.setattr(api, "PAGE_SIZE", 3)
    for number in range(7):
        make_todo(owner=alice, title=f"milk {number}", order=number // 2)
    make_todo(owner=alice, title="bread", order=1)
    found, url = [], "/api/todos/?q=milk"
    while url:
        response = as_alice.get(url)
        found.append(titles(response))
        Todo.objects.filter(title=found[-1][-1]).trash()  # the list goes on all the same
        link = response.get("Link")
        url = link and link.removeprefix("<").removesuffix('>; rel="next"')
    assert found == [["milk 0", "milk 1", "milk 2"], ["milk 3", "milk 4", "milk 5"], ["milk 6"]]


@pytest.mark.parametrize("cursor", ["x", "1", "_", "1_", "_1", "1_x", "\0", "1.5_1", "9" * 5000 + "_1"])
def test_a_cursor_that_is_none_is_refused(as_alice, cursor):
    problem(as_alice.get("/api/todos/", {"cursor": cursor}), 400)


def test_numbers_beyond_the_database_are_no_failure(as_alice, alice):
    make_todo(owner=alice)
    large = "9" * 30
    assert as_alice.get("/api/todos/", {"cursor": f"{large}_{large}"}).json() == []
    assert titles(as_alice.get("/api/todos/", {"cursor": f"-{large}_{large}"})) == ["Buy milk"]
    problem(as_alice.get(f"/api/todos/{large}/"), 404)
    problem(as_alice.delete(f"/api/todos/{large}/"), 404)


def test_the_list_costs_the_same_queries_however_long(as_alice, alice, django_assert_num_queries):
    upload = ingest.create_upload(alice, file())
    for _ in range(30):
        make_todo(owner=alice).attach(upload)
    with django_assert_num_queries(4):  # session, user, to-dos, their files
        as_alice.get("/api/todos/")


def test_deleting_all_or_those_that_are_completed(as_alice, alice, bob):
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


def test_someone_elses_todo_does_not_exist(as_bob, visitor, alice):
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


def test_other_methods_and_requests_without_a_token_are_refused(alice):
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


class TestConditions:
    def test_what_is_known_is_not_sent_again(self, as_alice, alice):
        todo = make_todo(owner=alice)
        url = f"/api/todos/{todo.pk}/"
        etag = as_alice.get(url)["ETag"]
        assert etag == f'"{todo.pk}-1"'
        known = as_alice.get(url, HTTP_IF_NONE_MATCH=etag)
        assert (known.status_code, known.content) == (304, b"")
        assert patch(as_alice, todo, title="x")["ETag"] == f'"{todo.pk}-2"'
        assert as_alice.get(url, HTTP_IF_NONE_MATCH=etag).json()["title"] == "x"
        assert post(as_alice, title="new")["ETag"].endswith('-1"')

    def test_a_stale_write_is_refused_and_shown_what_is(self, as_alice, alice):
        todo = make_todo(owner=alice)
        url, stale = f"/api/todos/{todo.pk}/", todo.etag
        current = patch(as_alice, todo, title="Buy bread").json()
        refused = as_alice.patch(url, {"title": "x"}, content_type=JSON, HTTP_IF_MATCH=stale)
        assert problem(refused, 412)["current"] == current
        assert problem(as_alice.delete(url, HTTP_IF_MATCH=stale), 412)["current"] == current
        assert as_alice.get(url).json() == current

    @pytest.mark.parametrize("form", ["{}", "*", "W/{}", '"other", {}'])
    def test_a_write_that_knows_the_present_state_succeeds(self, as_alice, alice, form):
        todo = make_todo(owner=alice)
        url = f"/api/todos/{todo.pk}/"
        given = {"title": "x"}
        changed = as_alice.patch(url, given, content_type=JSON, HTTP_IF_MATCH=form.format(todo.etag))
        assert changed.json()["title"] == "x"
        assert as_alice.delete(url, HTTP_IF_MATCH=form.format(changed["ETag"])).status_code == 204

    def test_a_condition_that_is_none_is_not_met(self, as_alice, alice):
        todo = make_todo(owner=alice)
        for nonsense in ("", "nonsense", '"', todo.etag.strip('"')):
            problem(as_alice.delete(f"/api/todos/{todo.pk}/", HTTP_IF_MATCH=nonsense), 412)

    def test_every_kind_of_write_raises_the_version(self, alice):
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

    def test_a_patch_that_changes_nothing_writes_nothing(self, as_alice, alice):
        todo = make_todo(owner=alice)
        assert patch(as_alice, todo, title=" Buy milk ", completed=False)["ETag"] == todo.etag
