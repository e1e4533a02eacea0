"""Attaching the files that are selected on the page of files, on a page and in a dialog."""

import re
from uuid import uuid4

import pytest

from tests.helpers import file, make_todo
from todos.models import Todo
from todos.views.attachments import MAX_CHOICES
from uploads.models import Upload
from uploads.receiving import ingest

URL = "/todos/attach/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def uploads(alice) -> list[Upload]:
    return [ingest.create_upload(alice, file(b"hello", name)) for name in ("a.txt", "b.txt")]


def selection(*uploads: Upload, **values) -> dict:
    return {"file": [str(upload.pk) for upload in uploads], **values}


def choices(page: str) -> list[str]:
    return re.findall(r'<span dir="auto">(.*?)</span></button>', page)


class TestChoice:
    def test_page_offers_active_todos(self, as_alice, alice, bob, uploads):
        make_todo(owner=alice, title="Pay rent")
        make_todo(owner=bob, title="Foreign")
        Todo.objects.filter(pk=make_todo(owner=alice, title="Old").pk).complete()
        page = as_alice.post(URL, selection(*uploads)).text
        assert "Attach 2 files to a to-do" in page
        assert choices(page) == ["Pay rent"]
        assert page.count('type="hidden" name="file"') == 2

    def test_search_finds_completed_todos_too(self, as_alice, alice, uploads):
        make_todo(owner=alice, title="Pay rent")
        Todo.objects.filter(pk=make_todo(owner=alice, title="Old rent").pk).complete()
        assert choices(as_alice.post(URL, selection(*uploads, search="RENT")).text) == ["Pay rent", "Old rent"]
        assert "No to-dos match “<bdi>tent</bdi>”" in as_alice.post(URL, selection(*uploads, search="tent")).text

    def test_has_a_limit(self, as_alice, alice, uploads, django_assert_num_queries):
        for number in range(MAX_CHOICES + 1):
            make_todo(owner=alice, title=str(number))
        with django_assert_num_queries(4):  # session, user, uploads, to-dos
            page = as_alice.post(URL, selection(*uploads), headers=HTMX).text
        assert len(choices(page)) == MAX_CHOICES
        assert "<html" not in page

    def test_without_todos_explains_the_search(self, as_alice, uploads):
        page = as_alice.post(URL, selection(uploads[0])).text
        assert "You have no active to-dos." in page
        assert "Attach <bdi>a.txt</bdi> to a to-do" in page


class TestAttach:
    def test_attaches_all_files(self, as_alice, alice, uploads):
        todo = make_todo(owner=alice, title="Pay rent")
        todo.attach(uploads[0])
        response = as_alice.post(URL, selection(*uploads, todo=todo.pk), follow=True)
        assert response.redirect_chain == [("/uploads/", 302)]
        assert "Attached 2 files to “Pay rent”." in response.text
        assert {attachment.upload for attachment in todo.attachments.all()} == set(uploads)

    def test_returns_the_message_to_scripts(self, as_alice, alice, uploads):
        todo = make_todo(owner=alice, title="Pay rent")
        response = as_alice.post(URL, selection(uploads[0], todo=todo.pk), headers=HTMX)
        assert f'Attached 1 file to <a href="/todos/{todo.pk}/"><bdi>Pay rent</bdi></a>.' in response.text

    def test_omits_files_that_are_deleted_or_of_others(self, as_alice, alice, bob, uploads):
        todo = make_todo(owner=alice)
        uploads[0].trash()
        foreign = ingest.create_upload(bob, file())
        assert "Attached 1 file " in as_alice.post(URL, selection(*uploads, foreign, todo=todo.pk), follow=True).text
        assert [attachment.upload for attachment in todo.attachments.all()] == [uploads[1]]
        assert as_alice.post(URL, selection(uploads[0], foreign, todo=todo.pk)).status_code == 404

    @pytest.mark.parametrize("todo", ["foreign", "trashed", "x", "9" * 18, "1" * 30, ""])
    def test_to_missing_todo_returns_404(self, as_alice, alice, bob, uploads, todo):
        trashed = make_todo(owner=alice)
        Todo.objects.filter(pk=trashed.pk).trash()
        todo_id = {"foreign": make_todo(owner=bob).pk, "trashed": trashed.pk}.get(todo, todo)
        assert as_alice.post(URL, selection(*uploads, todo=todo_id)).status_code == 404
        assert not trashed.attachments.exists()

    def test_of_too_many_files_returns_400(self, as_alice):
        assert as_alice.post(URL, {"file": [str(uuid4()) for _ in range(101)]}).status_code == 400
        assert as_alice.get(URL).status_code == 405
