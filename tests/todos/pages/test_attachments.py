"""Attaching and detaching files on pages."""

import re

from tests.helpers import file, make_todo
from tests.todos.pages.helpers import HTMX
from uploads.models import Upload


def test_file_is_attached_shown_and_detached(as_alice, alice, as_bob, bob):
    todo = make_todo(owner=alice)
    assert as_alice.post(f"/todos/{todo.pk}/attach/", {"file": file()})["Location"] == f"/todos/{todo.pk}/"
    upload = Upload.objects.get(owner=alice)
    for url in ("/todos/", f"/todos/{todo.pk}/"):
        assert re.search(rf'href="/uploads/{upload.pk}/">.*hello.txt', as_alice.get(url).text)
    response = as_alice.post(f"/todos/{todo.pk}/attach/", {"upload": upload.pk}, headers=HTMX)
    assert response.text.count("hello.txt") == 1
    other = make_todo(owner=bob)
    assert as_bob.post(f"/todos/{other.pk}/attach/", {"upload": upload.pk}).status_code == 404
    as_alice.post(f"/todos/{todo.pk}/detach/", {"upload": upload.pk})
    assert "hello.txt" not in as_alice.get("/todos/").text
    assert Upload.objects.visible_to(alice).exists()


def test_missing_file_and_invalid_upload_are_rejected(as_alice, alice):
    todo = make_todo(owner=alice)
    assert "Choose a file first." in as_alice.post(f"/todos/{todo.pk}/attach/", {}).text
    for url in ("attach", "detach"):
        assert as_alice.post(f"/todos/{todo.pk}/{url}/", {"upload": "x"}).status_code == 404
