"""The page of one to-do."""

import re
from datetime import date
from html import unescape

import pytest

from tests.helpers import make_todo
from todos.models import Todo


def test_edit_saves_all_fields(as_alice, alice):
    todo = make_todo(owner=alice)
    assert "Buy milk" in as_alice.get(f"/todos/{todo.pk}/").text
    response = as_alice.post(f"/todos/{todo.pk}/", {"title": "Buy oat milk", "notes": "two", "due_on": "2030-01-31"})
    assert response["Location"] == "/todos/"
    todo.refresh_from_db()
    assert (todo.title, todo.notes, str(todo.due_on)) == ("Buy oat milk", "two", "2030-01-31")


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"title": "x", "due_on": "soon"}, {"title": "x", "notes": "n" * 20_001}]
)
def test_invalid_edit_changes_nothing(as_alice, alice, wrong):
    todo = make_todo(owner=alice)
    response = as_alice.post(f"/todos/{todo.pk}/", wrong)
    assert response.status_code == 422
    assert "errorlist" in response.text
    todo.refresh_from_db()
    assert todo.title == "Buy milk"


class TestConcurrentEdits:
    def form(self, client, todo: Todo) -> dict[str, str]:
        """Return what a browser sends if the user changes nothing."""
        page = client.get(f"/todos/{todo.pk}/").text
        return self.values(page)

    def values(self, page: str) -> dict[str, str]:
        inputs = re.findall(
            r'<input [^>]*?name="((?:initial-)?(?:title|notes|due_on))"(?:[^>]*?value="([^"]*)")?', page
        )
        notes = re.search(r"<textarea.*?>\n(.*?)</textarea>", page, re.DOTALL)[1]
        return {name: unescape(value) for name, value in [*inputs, ("notes", notes.replace("\n", "\r\n"))]}

    @pytest.fixture
    def todo(self, alice) -> Todo:
        return make_todo(owner=alice, title="Buy milk", notes="one\ntwo", due_on="2030-01-31")

    def test_unchanged_field_does_not_overwrite_a_change_made_elsewhere(self, as_alice, todo):
        sent = self.form(as_alice, todo)
        Todo.objects.update(notes="three", due_on=None)
        assert as_alice.post(f"/todos/{todo.pk}/", {**sent, "title": "Buy oat milk"}).status_code == 302
        todo.refresh_from_db()
        assert (todo.title, todo.notes, todo.due_on) == ("Buy oat milk", "three", None)

    def test_conflict_is_reported_once_and_keeps_the_typed_text(self, as_alice, todo):
        sent = {**self.form(as_alice, todo), "notes": "mine", "due_on": ""}
        Todo.objects.update(notes="theirs <b>", due_on="2030-02-01")
        response = as_alice.post(f"/todos/{todo.pk}/", sent)
        assert response.status_code == 422
        assert "It is now: theirs &lt;b&gt;. Save again" in response.text
        assert "It is now: 2030-02-01. Save again" in response.text
        again = self.values(response.text)
        assert (again["notes"], again["due_on"]) == ("mine", "")
        todo.refresh_from_db()
        assert todo.notes == "theirs <b>"
        assert as_alice.post(f"/todos/{todo.pk}/", again).status_code == 302
        todo.refresh_from_db()
        assert (todo.title, todo.notes, todo.due_on) == ("Buy milk", "mine", None)

    def test_equal_changes_do_not_conflict(self, as_alice, todo):
        sent = {**self.form(as_alice, todo), "notes": "same"}
        Todo.objects.update(notes="same")
        assert as_alice.post(f"/todos/{todo.pk}/", sent).status_code == 302

    def test_saving_without_changes_writes_nothing(self, as_alice, todo):
        assert as_alice.post(f"/todos/{todo.pk}/", self.form(as_alice, todo)).status_code == 302
        todo.refresh_from_db()
        assert (todo.version, todo.notes) == (1, "one\ntwo")

    @pytest.mark.parametrize(
        ("typed", "saved"),
        [
            ({"title": "Pay rent 2031-02-01"}, ("Pay rent", date(2031, 2, 1))),
            ({"title": "Pay rent"}, ("Pay rent", date(2030, 1, 31))),
            ({"title": "Pay rent 2031-02-01", "as_typed": "true"}, ("Pay rent 2031-02-01", date(2030, 1, 31))),
            ({"title": "Pay rent 2031-02-01", "due_on": "2032-03-04"}, ("Pay rent 2031-02-01", date(2032, 3, 4))),
            ({"title": "Pay rent 2031-02-01", "due_on": ""}, ("Pay rent 2031-02-01", None)),
        ],
    )
    def test_date_in_new_title_becomes_due_date_unless_a_due_date_is_entered(self, as_alice, todo, typed, saved):
        Todo.objects.update(due_on=date(2030, 1, 31))
        sent = {**self.form(as_alice, todo), **typed}
        assert as_alice.post(f"/todos/{todo.pk}/", sent).status_code == 302
        todo.refresh_from_db()
        assert (todo.title, todo.due_on) == saved

    def test_date_in_unchanged_title_stays_there(self, as_alice, todo):
        Todo.objects.update(title="Paint 2031-02-01")
        sent = {**self.form(as_alice, todo), "notes": "new"}
        assert as_alice.post(f"/todos/{todo.pk}/", sent).status_code == 302
        todo.refresh_from_db()
        assert (todo.title, todo.due_on, todo.notes) == ("Paint 2031-02-01", date(2030, 1, 31), "new")

    def test_date_in_title_conflicts_with_due_date_set_elsewhere(self, as_alice, todo):
        sent = {**self.form(as_alice, todo), "title": "Pay rent 2031-02-01"}
        Todo.objects.update(due_on=date(2032, 3, 4))
        response = as_alice.post(f"/todos/{todo.pk}/", sent)
        assert response.status_code == 422
        assert "It is now: 2032-03-04" in response.text
        again = self.values(response.text)
        assert (again["title"], again["due_on"]) == ("Pay rent", "2031-02-01")
        assert as_alice.post(f"/todos/{todo.pk}/", again).status_code == 302
        todo.refresh_from_db()
        assert (todo.title, todo.due_on) == ("Pay rent", date(2031, 2, 1))
