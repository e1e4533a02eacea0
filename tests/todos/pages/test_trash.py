"""The page of deleted to-dos and files."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.helpers import file, files_below, make_todo
from todos.models import Todo
from todos.views import trash
from uploads.models import Upload
from uploads.receiving import ingest
from uploads.retention import TRASH_RETENTION

URL = "/trash/"
RESTORE, DELETE = f"{URL}restore/", f"{URL}delete/"

Make = Callable[..., Todo | Upload]


@pytest.fixture
def make_deleted_file(alice) -> Make:
    def make(name: str = "hello.txt", age: timedelta = timedelta()) -> Upload:
        upload = ingest.create_upload(alice, file(b"hello", name))
        Upload.objects.filter(pk=upload.pk).update(deleted_at=timezone.now() - age)
        upload.refresh_from_db()
        return upload

    return make


@pytest.fixture
def make_deleted_todo(alice) -> Make:
    def make(title: str = "Buy milk", age: timedelta = timedelta()) -> Todo:
        return make_todo(owner=alice, title=title, deleted_at=timezone.now() - age)

    return make


@pytest.fixture(params=["todos", "files"])
def kind(request) -> str:
    return request.param


@pytest.fixture
def make_deleted(kind, make_deleted_todo, make_deleted_file) -> Make:
    return make_deleted_todo if kind == "todos" else make_deleted_file


def names(page: str) -> list[str]:
    return re.findall(r'<span dir="auto">(.*?)</span>', page)


class TestPage:
    def test_items_are_sorted_by_deletion_newest_first(self, as_alice, alice, kind, make_deleted):
        make_deleted("older", timedelta(days=2))
        newer = make_deleted("newer", timedelta(days=1))
        make_deleted("expired", TRASH_RETENTION)
        make_todo(owner=alice, title="Still here")
        ingest.create_upload(alice, file(b"hello", "still-here.txt"))
        page = as_alice.get(URL, {"kind": kind}).text
        assert names(page) == ["newer", "older"]
        until = newer.deleted_at + timedelta(days=30)
        assert re.search(rf"Kept until <time [^>]*>{until.day} {until:%b}</time>", page)

    def test_list_and_files_link_to_it(self, as_alice):
        assert f'href="{URL}"' in as_alice.get("/todos/").text
        assert f'href="{URL}?kind=files"' in as_alice.get("/uploads/").text

    def test_counts_are_shown_and_files_alone_are_shown_first(self, as_alice, make_deleted_file, make_deleted_todo):
        make_deleted_file("hello.txt")
        assert names(as_alice.get(URL).text) == ["hello.txt"]
        assert "Empty trash" in as_alice.get(URL, {"kind": "todos"}).text
        make_deleted_todo("Buy milk")
        make_deleted_todo("Call mum")
        page = as_alice.get(URL).text
        assert names(page) == ["Call mum", "Buy milk"]
        assert "Empty trash" in page
        assert re.findall(r'(To-dos|Files) <span class="fine">(\d+)</span>', page) == [("To-dos", "2"), ("Files", "1")]

    def test_empty_trash_says_so(self, as_alice, kind):
        page = as_alice.get(URL, {"kind": kind}).text
        assert {"todos": "No deleted to-dos.", "files": "No deleted files."}[kind] in page
        assert "Empty trash" not in page

    def test_pages_keep_the_kind(self, as_alice, kind, make_deleted, monkeypatch):
        monkeypatch.setattr(trash, "PAGE_SIZE", 1)
        for days in (1, 2):
            make_deleted(f"{days}", timedelta(days=days))
        make_deleted("0")
        (link,) = re.findall(r'rel="next" href="(.*?)"', as_alice.get(URL, {"kind": kind, "page": 2}).text)
        assert names(as_alice.get(URL + link.replace("&amp;", "&")).text) == ["2"]

    @pytest.mark.parametrize("query", [{"page": "0"}, {"page": "x"}, {"page": "999"}, {"kind": "x"}])
    def test_invalid_query_shows_a_page(self, as_alice, make_deleted_todo, query):
        make_deleted_todo()
        assert names(as_alice.get(URL, query).text) == ["Buy milk"]

    @pytest.mark.parametrize(
        ("old", "kind"), [("/todos/trash/", "todos"), ("/uploads/trash/", "files")], indirect=["kind"]
    )
    def test_old_pages_redirect_to_it(self, as_alice, old, kind):
        assert as_alice.get(old)["Location"] == f"{URL}?kind={kind}"


class TestRestore:
    def test_item_is_restored(self, as_alice, alice, kind, make_deleted):
        first, second = make_deleted("first", timedelta(days=1)), make_deleted("second")
        page = as_alice.post(RESTORE, {"kind": kind, "item": first.pk}, follow=True)
        assert page.redirect_chain == [(f"{URL}?kind={kind}", 302)]
        assert "Restored “first”." in page.text
        assert names(page.text) == ["second"]
        assert list(type(first).objects.visible_to(alice)) == [first]
        assert as_alice.post(RESTORE, {"kind": kind, "item": first.pk}).status_code == 404
        as_alice.post(RESTORE, {"kind": kind, "item": second.pk})
        assert set(type(first).objects.visible_to(alice)) == {first, second}

    def test_restored_todo_returns_to_its_position(self, as_alice, alice):
        todos = [make_todo(owner=alice) for _ in range(3)]
        Todo.objects.filter(pk=todos[1].pk).trash()
        as_alice.post(RESTORE, {"kind": "todos", "item": todos[1].pk})
        assert list(Todo.objects.visible_to(alice).in_order()) == todos

    def test_restore_all_restores_one_deletion(self, as_alice, alice, make_deleted_todo):
        other = make_deleted_todo(age=timedelta(days=1))
        todos = [make_todo(owner=alice) for _ in range(3)]
        Todo.objects.visible_to(alice).trash()
        deleted = re.search(r'name="deleted" value="(.*?)"', as_alice.get(URL).text)[1]
        page = as_alice.post(RESTORE, {"kind": "todos", "deleted": deleted}, follow=True)
        assert "Restored 3 to-dos." in page.text
        assert list(Todo.objects.visible_to(alice).in_order()) == todos
        assert list(Todo.objects.in_trash()) == [other]


class TestDelete:
    def confirm(self, client, url: str) -> str:
        """Follow a link to the confirmation and confirm. Return the text of the page after that."""
        page = client.get(url).text
        fields = dict(re.findall(r'type="hidden" name="(?!csrf)(.*?)" value="(.*?)"', page))
        return client.post(DELETE, fields, follow=True).text

    def test_item_is_deleted_after_confirmation(
        self, as_alice, state_dir, kind, make_deleted, django_capture_on_commit_callbacks
    ):
        kept, deleted = make_deleted("kept", timedelta(days=1)), make_deleted("deleted")
        link = re.search(rf'href="(/trash/delete/[^"]*{deleted.pk})"', as_alice.get(URL, {"kind": kind}).text)[1]
        link = link.replace("&amp;", "&")
        page = as_alice.get(link).text
        assert "“deleted”" in page
        assert ("It frees 5 B." in page) == (kind == "files")
        assert type(kept).objects.count() == 2
        with django_capture_on_commit_callbacks(execute=True):
            page = self.confirm(as_alice, link)
        assert "Deleted “deleted” for good." in page
        assert names(page) == ["kept"]
        assert list(type(kept).objects.all()) == [kept]
        assert len(files_below(state_dir)) == (1 if kind == "files" else 0)

    def test_deletion_is_deleted_together(self, as_alice, alice, make_deleted_todo):
        other = make_deleted_todo(age=timedelta(days=1))
        for _ in range(3):
            make_todo(owner=alice)
        Todo.objects.visible_to(alice).trash()
        (link,) = re.findall(r'href="(/trash/delete/[^"]*deleted=.*?)"', as_alice.get(URL).text)
        assert "Deleted 3 to-dos for good." in self.confirm(as_alice, link.replace("&amp;", "&"))
        assert list(Todo.objects.all()) == [other]

    def test_whole_trash_is_deleted(self, as_alice, alice, bob, make_deleted_todo, make_deleted_file):
        kept = [make_todo(owner=alice), make_todo(owner=bob, deleted_at=timezone.now())]
        upload = ingest.create_upload(alice, file())
        for make in (make_deleted_todo, make_deleted_file, make_deleted_file):
            make()
        assert f'href="{DELETE}?all=true"' in as_alice.get(URL).text
        assert "Deleted 1 to-do and 2 files for good." in self.confirm(as_alice, f"{DELETE}?all=true")
        assert list(Todo.objects.in_order()) == kept
        assert list(Upload.objects.all()) == [upload]


@pytest.mark.parametrize("url", [RESTORE, DELETE])
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"all": "true"},
        {"kind": "x", "item": "1"},
        {"kind": "todos"},
        *({"kind": "todos", "item": item} for item in ("x", "9" * 30, "9" * 5000, "\0")),
        *({"kind": "files", "item": item} for item in ("x", "1", "00000000-0000-4000-8000-000000000000", "\0")),
        *({"kind": "todos", "deleted": time} for time in ("x", "9999-12-31", "0001-01-01")),
    ],
)
def test_unknown_item_returns_404(as_alice, alice, url, values):
    make_todo(owner=alice)
    assert as_alice.post(url, values).status_code == 404
    assert Todo.objects.visible_to(alice).count() == 1


def test_trash_of_another_user_is_neither_shown_nor_changed(as_bob, visitor, kind, make_deleted):
    item = make_deleted("Secret")
    assert "Secret" not in as_bob.get(URL, {"kind": kind}).text
    for values in ({"item": item.pk}, {"deleted": item.deleted_at.isoformat()}, {"all": "true"}):
        for url in (RESTORE, DELETE):
            assert as_bob.post(url, {"kind": kind, **values}).status_code == 404
            assert visitor.post(url, {"kind": kind, **values})["Location"].startswith("/accounts/login/")
        assert as_bob.get(DELETE, {"kind": kind, **values}).status_code == 404
    assert visitor.get(URL)["Location"] == f"/accounts/login/?next={URL}"
    assert as_bob.get(RESTORE).status_code == 405
    assert type(item).objects.in_trash().count() == 1
