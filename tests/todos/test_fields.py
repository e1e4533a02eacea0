"""Table of fields: it lists each field of the model, and each field reaches the places that the table names."""

import dataclasses
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.urls import reverse

from tests.helpers import make_todo, problem
from tests.todos.import_export.helpers import export, import_file
from todos.fields import API_FIELDS, EDITABLE_FIELDS, FIELDS, FILE_FIELDS, INTERNAL_FIELDS, WRITABLE_FIELDS
from todos.formats import FORMATS, Format, Row
from todos.models import Todo

MIDNIGHT = datetime(2026, 1, 2, tzinfo=UTC)
"""A time that all formats can express: todo.txt has only dates."""

SAMPLES = {
    "title": "Pay rent",
    "notes": "two\nlines",
    "due_on": date(2030, 1, 31),
    "completed_at": MIDNIGHT,
    "order": 5,
    "created_at": MIDNIGHT,
    "uid": "7",
}
"""A value of each field that is stored with the to-do, different from its default."""

DERIVED = {"id", "url", "completed", "attachments", "updated_at"}


@pytest.fixture
def todo(alice) -> Todo:
    return make_todo(owner=alice, **SAMPLES)


def values(todo: Todo, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(todo, name) for name in names}


def fields_in(format: Format) -> set[str]:
    """Return the names of the fields that files of this format contain."""
    assert format.missing_fields <= FILE_FIELDS.keys()
    return FILE_FIELDS.keys() - format.missing_fields


def test_table_has_each_field_of_the_model_once():
    names = [field.name for field in FIELDS]
    model_names = {field.name for field in Todo._meta.get_fields()}
    assert len(names) == len(set(names))
    assert not INTERNAL_FIELDS & set(names)
    assert model_names - INTERNAL_FIELDS == set(names) - {"url", "completed"}
    assert model_names >= INTERNAL_FIELDS
    assert set(SAMPLES) | DERIVED == set(names)


def test_samples_differ_from_defaults():
    todo = Todo()
    assert [name for name, sample in SAMPLES.items() if getattr(todo, name) == sample] == []


def test_row_has_each_field_of_files():
    names = [field.name for field in dataclasses.fields(Row)]
    assert names == [*FILE_FIELDS, "line", "left_out"]


class TestPage:
    def test_shows_each_editable_field(self, as_alice, todo):
        page = as_alice.get(todo.get_absolute_url()).content.decode()
        names = set(re.findall(r'name="(\w+)"', page))
        assert set(EDITABLE_FIELDS) <= names

    def test_saved_without_changes_keeps_each_field(self, as_alice, todo):
        form = as_alice.get(todo.get_absolute_url()).context["form"]
        data = {field.html_name: field.value() for field in form if field.value() is not None}
        assert as_alice.post(todo.get_absolute_url(), data).status_code == 302
        todo.refresh_from_db()
        assert values(todo, SAMPLES) == SAMPLES

    def test_rename_keeps_each_other_field(self, as_alice, todo):
        assert as_alice.post(f"/todos/{todo.pk}/rename/", {"title": "Renamed"}).status_code == 302
        todo.refresh_from_db()
        assert values(todo, SAMPLES) == {**SAMPLES, "title": "Renamed"}


class TestApi:
    def test_returns_each_field(self, as_alice, todo):
        assert list(as_alice.get(f"/api/todos/{todo.pk}/").json()) == list(API_FIELDS)

    @pytest.mark.parametrize("name", WRITABLE_FIELDS)
    def test_writes_each_writable_field_alone(self, as_alice, alice, todo, name):
        url = reverse("todos:api-detail", args=[todo.pk])
        value = as_alice.get(url).json()[name]
        other = make_todo(owner=alice, title="Other")
        response = as_alice.patch(f"/api/todos/{other.pk}/", {name: value}, content_type="application/json")
        assert response.status_code == 200, response.content
        assert response.json()[name] == value
        assert response.json()["title"] == (SAMPLES["title"] if name == "title" else "Other")

    @pytest.mark.parametrize("name", [field.name for field in FIELDS if field.api != "read-write"])
    def test_rejects_each_other_field(self, as_alice, todo, name):
        response = as_alice.patch(f"/api/todos/{todo.pk}/", {name: "x"}, content_type="application/json")
        assert list(problem(response, 422)["errors"]) == [name]


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
class TestFiles:
    def test_import_into_another_list_keeps_each_field(self, as_alice, as_bob, bob, todo, format):
        import_file(as_bob, export(as_alice, format.name), f"todos.{format.name}")
        assert values(bob.todos.get(), fields_in(format)) == {name: SAMPLES[name] for name in fields_in(format)}

    def test_import_restores_each_editable_field_from_the_trash(self, as_alice, alice, todo, format):
        identifying = {"title", "due_on"} if "uid" in format.missing_fields else {"uid"}
        cleared = {name for name in FILE_FIELDS if Todo._meta.get_field(name).editable} - identifying
        content = export(as_alice, format.name)
        Todo.objects.filter(pk=todo.pk).update(**{name: Todo._meta.get_field(name).get_default() for name in cleared})
        Todo.objects.filter(pk=todo.pk).trash()
        import_file(as_alice, content, f"todos.{format.name}")
        restored = cleared & fields_in(format)
        assert values(alice.todos.get(deleted_at=None), restored) == {name: SAMPLES[name] for name in restored}

    def test_import_keeps_fields_missing_from_the_format(self, as_alice, alice, todo, format):
        content = export(as_alice, format.name)
        Todo.objects.filter(pk=todo.pk).trash()
        import_file(as_alice, content, f"todos.{format.name}")
        assert values(alice.todos.get(deleted_at=None), SAMPLES) == SAMPLES
