"""Search regardless of case and encoding, after every way to write a title or notes."""

import unicodedata

import pytest
from django.db import models
from django.db.models import F
from django.utils.module_loading import import_string
from django_q.models import Schedule

from tests.helpers import file, make_todo, run_queue
from todos import retention
from todos.models import FOLDED, Todo
from uploads.search import fold, words_of

DECOMPOSED = unicodedata.normalize("NFD", "Äpfel kaufen")


def search(client, q: str) -> list[str]:
    response = client.get("/api/todos/", {"q": q})
    assert response.status_code == 200
    return [todo["title"] for todo in response.json()]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Äpfel kaufen", "äpfel"),
        ("äpfel kaufen", "ÄPFEL"),
        (DECOMPOSED, "äpfel"),
        ("Äpfel kaufen", unicodedata.normalize("NFD", "äpfel")),
        ("Straße fegen", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("Ｆｕｌｌ width", "full"),
        ("Купить Молоко", "молоко"),
        ("会議の資料", "会議"),
        ("100 % sure_", "% _"),
        ("a\\b'c", "\\B'"),
    ],
)
@pytest.mark.parametrize("field", ["title", "notes"])
def test_search_ignores_case_and_encoding(as_alice, alice, field, text, query):
    make_todo(owner=alice, title="Something else", notes="or other")
    make_todo(owner=alice, **{"title": "Sought", field: text})
    assert search(as_alice, query) == ["Sought" if field == "notes" else text]
    assert search(as_alice, f"{query} else") == []


@pytest.mark.parametrize("query", ["apfel", "äpfelx"])
def test_search_does_not_match_other_words(as_alice, alice, query):
    make_todo(owner=alice, title="Äpfel")
    assert search(as_alice, query) == []


class TestFoldedText:
    def test_is_updated_by_the_api(self, as_alice):
        url = as_alice.post("/api/todos/", {"title": "ÄPFEL"}, content_type="application/json")["Location"]
        assert search(as_alice, "äpfel") == ["ÄPFEL"]
        as_alice.patch(url, {"title": "Birnen", "notes": "ÖL"}, content_type="application/json")
        assert search(as_alice, "äpfel") == []
        assert search(as_alice, "öl") == ["Birnen"]

    def test_is_updated_by_pages(self, as_alice):
        as_alice.post("/todos/", {"title": "ÄPFEL"})
        todo = Todo.objects.get()
        as_alice.post(f"/todos/{todo.pk}/rename/", {"title": "ÖL"})
        assert search(as_alice, "äpfel") == []
        as_alice.post(f"/todos/{todo.pk}/", {"title": "Öl", "notes": "FÜR ALLE", "due_on": ""})
        assert search(as_alice, "öl für") == ["Öl"]

    def test_is_updated_by_the_admin(self, as_admin, admin_user):
        todo = make_todo(owner=admin_user, title="ÄPFEL")
        inline = {"attachments-TOTAL_FORMS": "0", "attachments-INITIAL_FORMS": "0"}
        data = {"owner": admin_user.pk, "title": "ÖL", "notes": "", "order": todo.order, **inline}
        assert as_admin.post(f"/admin/todos/todo/{todo.pk}/change/", data).status_code == 302
        page = as_admin.get("/admin/todos/todo/", {"q": "öl"})
        assert [todo.title for todo in page.context["cl"].result_list] == ["ÖL"]

    def test_is_updated_by_save_without_field_names(self, alice):
        make_todo(owner=alice, title="ÄPFEL")
        todo = Todo.objects.get()
        todo.title = "ÖL"
        todo.save()
        assert Todo.objects.search("öl").get().version == 2

    def test_is_updated_by_bulk_create_and_update(self, alice):
        Todo.objects.bulk_create([Todo(owner=alice, title="ÄPFEL", order=1)])
        assert Todo.objects.search("äpfel").update(notes="ÖL", order=F("order") + 1) == 1
        assert Todo.objects.search("äpfel öl").get().order == 2

    def test_is_updated_by_imports(self, as_alice, alice):
        make_todo(owner=alice, title="Birnen", uid="1", notes="ÄPFEL")
        Todo.objects.trash()
        rows = b"title,notes,uid\nBIRNEN \xc3\x9cBER,,1\nNeu,\xc3\x96L,2\n"
        assert as_alice.post("/api/todos/import/", {"file": file(rows, "list.csv")}).status_code == 202
        run_queue()
        assert search(as_alice, "birnen über äpfel") == ["BIRNEN ÜBER"]
        assert search(as_alice, "neu öl") == ["Neu"]


def test_list_does_not_load_the_folded_text(alice, django_assert_num_queries):
    make_todo(owner=alice, notes="x" * 20_000)
    with django_assert_num_queries(2) as queries:
        list(Todo.objects.visible_to(alice).for_list())
    assert not any(column in query["sql"] for query in queries for column in FOLDED.values())


def test_words_are_distinct_and_ordered_by_length():
    assert words_of("milk milk mil oat-milk") == ["oat-milk"]
    assert words_of("a longer word") == ["longer", "word", "a"]
    assert words_of(" \u3000 ") == []


def test_folding_is_idempotent():
    for code in range(0x3000):
        assert fold(fold(chr(code))) == fold(chr(code))


class TestTextWrittenByAnOlderRelease:
    """A release without folded text writes titles and notes only."""

    @staticmethod
    def write(todo: Todo, **values: str) -> None:
        models.QuerySet(Todo).filter(pk=todo.pk).update(**values)

    def test_is_found_after_maintenance(self, as_alice, alice):
        added, renamed = make_todo(owner=alice, title="ÄPFEL"), make_todo(owner=alice, title="Birnen")
        self.write(added, title_folded="", notes_folded="")
        self.write(renamed, title="Äpfel kochen", notes="ÖL")
        assert search(as_alice, "äpfel") == []
        retention.refold()
        assert search(as_alice, "äpfel") == ["ÄPFEL", "Äpfel kochen"]
        assert search(as_alice, "öl") == ["Äpfel kochen"]
        assert search(as_alice, "birnen") == []
        assert Todo.objects.refold() == 0

    def test_maintenance_does_not_change_versions(self, alice):
        todo = make_todo(owner=alice, title="ÄPFEL")
        before = Todo.objects.filter(pk=todo.pk).values("version", "updated_at", "batch").get()
        self.write(todo, title_folded="")
        retention.refold()
        assert Todo.objects.filter(pk=todo.pk).values("version", "updated_at", "batch").get() == before

    def test_maintenance_is_scheduled(self, db):
        retention.create_schedules()
        schedule = Schedule.objects.get(name=retention.REFOLD_SCHEDULE)
        assert import_string(schedule.func) is retention.refold
