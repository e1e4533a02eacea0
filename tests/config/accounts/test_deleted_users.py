"""Deleting a user while requests of that user are being processed."""

import threading
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.helpers import PASSWORD, after_select, file, make_todo, run_concurrently
from tests.uploads.receiving.tus import post_transfer
from todos.models import Todo
from uploads.models import Upload

JSON = "application/json"


def client_of(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def requests(user: User) -> dict[str, partial]:
    """Return requests of this user that write, by name."""
    client, todo = client_of(user), make_todo(owner=user)
    upload = Upload.objects.create(owner=user, name="x", size=1, file="x")
    return {
        "add": partial(client.post, "/api/todos/", {"title": "x"}, content_type=JSON),
        "add on the page": partial(client.post, "/todos/", {"title": "x"}),
        "add several": partial(client.post, "/todos/several/", {"lines": "x\ny"}),
        "rename": partial(client.patch, f"/api/todos/{todo.pk}/", {"title": "y"}, content_type=JSON),
        "attach": partial(client.post, f"/todos/{todo.pk}/attach/", {"upload": str(upload.pk)}),
        "upload": lambda: client.post("/api/uploads/", {"file": file()}),
        "import": lambda: client.post("/api/todos/import/", {"file": file(b"Buy milk", "todo.txt")}),
        "send": lambda: post_transfer(client, 5, content=b"hello"),
        "settings": partial(client.post, "/accounts/settings/", {"section": "appearance", "theme": "dark"}),
        "log in": partial(
            Client(raise_request_exception=False).post,
            "/api/session/",
            {"username": user.username, "password": PASSWORD},
            content_type=JSON,
        ),
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "name",
    ["add", "add on the page", "add several", "rename", "attach", "upload", "import", "send", "settings", "log in"],
)
def test_request_of_a_concurrently_deleted_user_is_rejected(alice, name):
    request = requests(alice)[name]
    with after_select("auth_user", User.objects.filter(pk=alice.pk).delete):
        response = request()
    assert response.status_code in (401, 404, 409), response.text
    assert not User.objects.filter(pk=alice.pk).exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("by", "url", "form"),
    [
        ("admin", "/admin/auth/user/{}/delete/", {}),
        ("admin", "/admin/auth/user/", {"action": "delete_selected"}),
        ("alice", "/accounts/settings/", {"section": "delete", "current_password": PASSWORD}),
    ],
    ids=["page", "action", "settings"],
)
def test_user_who_is_adding_objects_is_deleted(admin_user, alice, by, url, form):
    active, finished = threading.Event(), threading.Event()

    def repeat(request: partial) -> list[int]:
        statuses: list[int] = []
        while not finished.is_set():
            statuses.append(request().status_code)
            active.set()
        return statuses

    def delete() -> list[int]:
        try:
            assert active.wait(10)
            fields = form | {"post": "yes", "_selected_action": [alice.pk]}
            return [client_of({"admin": admin_user, "alice": alice}[by]).post(url.format(alice.pk), fields).status_code]
        finally:
            finished.set()

    repeated = ["add", "rename", "attach", "upload", "import", "send"]
    deleted, *others = run_concurrently(delete, *[partial(repeat, requests(alice)[name]) for name in repeated])
    assert deleted == [302]
    assert [status for statuses in others for status in statuses if status >= 500] == []
    assert not User.objects.filter(pk=alice.pk).exists()


@pytest.mark.parametrize(
    ("url", "form"),
    [("/admin/auth/user/{}/delete/", {}), ("/admin/auth/user/", {"action": "delete_selected"})],
    ids=["page", "action"],
)
def test_admin_deletes_a_user_with_todos_and_files(as_admin, alice, bob, url, form):
    for user in (alice, bob):
        make_todo(owner=user)
        Upload.objects.create(owner=user, name="x", size=1, file="x")
    response = as_admin.post(url.format(alice.pk), form | {"post": "yes", "_selected_action": [alice.pk]})
    assert response.status_code == 302
    assert not User.objects.filter(pk=alice.pk).exists()
    assert [todo.owner for todo in Todo.objects.all()] == [bob]
    assert [upload.owner for upload in Upload.objects.all()] == [bob]
