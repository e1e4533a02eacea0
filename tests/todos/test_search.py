"""Search: equal words are found whatever their case and encoding, on every way by which text gets into the list."""

import unicodedata

import pytest
from django.db import models
from django.db.models import F
from django.utils.module_loading import import_string
from django_q.models import Schedule

from tests.helpers import file, make_todo, run_queue
from todos import retention
from todos.models import Todo
from todos.search import fold, words_of

DECOMPOSED = unicodedata.normalize("NFD", "Äpfel kaufen")


def found(client, q: str) -> list[str]:
    answer = client.get("/api/todos/", {"q": q})
    assert answer.status_code == 200
    return [todo["title"] for todo in answer.json()]


@pytest.mark.parametrize(
    ("text", "sought"),
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
def test_search_ignores_case_and_encoding(as_alice, alice, field, text, sought):
    make_todo(owner=alice, title="Something else", notes="or other")
    make_todo(owner=alice, **{"title": "Sought", field: text})
    assert found(as_alice, sought) == ["Sought" if field == "notes" else text]
    assert found(as_alice, f"{sought} else") == []


@pytest.mark.parametrize("sought", ["apfel", "äpfelx"])
def test_search_finds_no_other_words(as_alice, alice, sought):
    make_todo(owner=alice, title="Äpfel")
    assert found(as_alice, sought) == []


class TestFoldedTextFollows:
    def test_api(self, as_alice):
        url = as_alice.post("/api/todos/", {"title": "ÄPFEL"}, content_type="application/json")["Location"]
        assert found(as_alice, "äpfel") == ["ÄPFEL"]
        as_alice.patch(url, {"title": "Birnen", "notes": "ÖL"}, content_type="application/json")
        assert found(as_alice, "äpfel") == []
        assert found(as_alice, "öl") == ["Birnen"]

    def test_pages(self, as_alice):
        as_alice.post("/todos/", {"title": "ÄPFEL"})
        todo = Todo.objects.get()
        as_alice.post(f"/todos/{todo.pk}/rename/", {"title": "ÖL"})
        assert found(as_alice, "äpfel") == []
        as_alice.post(f"/todos/{todo.pk}/", {"title": "Öl", "notes": "FÜR ALLE", "due_on": ""})
        assert found(as_alice, "öl für") == ["Öl"]

    def test_admin(self, as_admin, admin_user):
        todo = make_todo(owner=admin_user, title="ÄPFEL")
        inline = {"attachments-TOTAL_FORMS": "0", "attachments-INITIAL_FORMS": "0"}
        given = {"owner": admin_user.pk, "title": "ÖL", "notes": "", "order": todo.order, **inline}
        assert as_admin.post(f"/admin/todos/todo/{todo.pk}/change/", given).status_code == 302
        page = as_admin.get("/admin/todos/todo/", {"q": "öl"})
        assert [each.title for each in page.context["cl"].result_list] == ["ÖL"]

    def test_save_without_field_names(self, alice):
        make_todo(owner=alice, title="ÄPFEL")
        todo = Todo.objects.get()
        todo.title = "ÖL"
        todo.save()
        assert Todo.objects.search("öl").get().version == 2

    def test_bulk_create_and_update(self, alice):
        Todo.objects.bulk_create([Todo(owner=alice, title="ÄPFEL", order=1)])
        assert Todo.objects.search("äpfel").update(notes="ÖL", order=F("order") + 1) == 1
        assert Todo.objects.search("äpfel öl").get().order == 2

    def test_import(self, as_alice, alice):
        make_todo(owner=alice, title="Birnen", uid="1", notes="ÄPFEL")
        Todo.objects.trash()
        rows = b"title,notes,uid\nBIRNEN \xc3\x9cBER,,1\nNeu,\xc3\x96L,2\n"
        assert as_alice.post("/api/todos/import/", {"file": file(rows, "list.csv")}).status_code == 202
        run_queue()
        assert found(as_alice, "birnen über äpfel") == ["BIRNEN ÜBER"]
        assert found(as_alice, "neu öl") == ["Neu"]


def test_lists_do_not_load_the_folded_text(alice, django_assert_num_queries):
    make_todo(owner=alice, notes="x" * 20_000)
    with django_assert_num_queries(2) as queries:
        list(Todo.objects.visible_to(alice).for_list())
    assert not any("folded" in query["sql"] for query in queries)


def test_words_are_searched_once_and_the_longest_first():
    assert words_of("milk MILK mil oat-milk") == ["oat-milk"]
    assert words_of("a longer word") == ["longer", "word", "a"]
    assert words_of(" \u3000 ") == []


def test_folded_text_does_not_change_when_folded_again():
    for code in range(0x3000):
        assert fold(fold(chr(code))) == fold(chr(code))


class TestTextWrittenByAnOlderRelease:
    """Such a release writes titles and notes, and leaves the folded text as it is."""

    @staticmethod
    def write(todo: Todo, **values: str) -> None:
        models.QuerySet(Todo).filter(pk=todo.pk).update(**values)

    def test_is_found_after_maintenance(self, as_alice, alice):
        added, renamed = make_todo(owner=alice, title="ÄPFEL"), make_todo(owner=alice, title="Birnen")
        self.write(added, title_folded="", notes_folded="")
        self.write(renamed, title="Äpfel kochen", notes="ÖL")
        assert found(as_alice, "äpfel") == []
        retention.refold()
        assert found(as_alice, "äpfel") == ["ÄPFEL", "Äpfel kochen"]
        assert found(as_alice, "öl") == ["Äpfel kochen"]
        assert found(as_alice, "birnen") == []
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
