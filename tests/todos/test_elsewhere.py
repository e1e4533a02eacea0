"""What was changed on another device: as the page of the list asks for it, and as the page of one to-do meets it."""

import re
from datetime import date
from html import unescape

import pytest
from django.utils import timezone

from tests.helpers import after_select, make_todo
from tests.todos.test_pages import HTMX, titles
from todos.models import Todo

URL = "/todos/changes/"


def ask(client, *todos: Todo, **asked):
    return client.get(URL, {"id": [todo.pk for todo in todos], **asked}, headers=HTMX)


def test_of_those_asked_for_the_rows_that_a_list_shows_come_in_its_order_with_the_counts(as_alice, alice):
    done = make_todo(owner=alice, title="Buy bread", completed_at=timezone.now())
    last = make_todo(owner=alice, title="Buy milk", order=2**62)
    first = make_todo(owner=alice, title="Call mum", order=-5)
    gone = make_todo(owner=alice, title="Deleted", deleted_at=timezone.now())
    make_todo(owner=alice, title="Not asked for")
    asked = (last, done, gone, first)
    answer = ask(as_alice, *asked).text
    assert titles(answer) == ["Call mum", "Buy bread", "Buy milk"]
    assert f'<li id="todo-{first.pk}" data-version="1" data-order="-5"' in answer
    assert "<strong>3</strong> items left" in answer
    assert titles(ask(as_alice, *asked, filter="active").text) == ["Call mum", "Buy milk"]
    assert titles(ask(as_alice, *asked, filter="completed").text) == ["Buy bread"]
    assert titles(ask(as_alice, *asked, q="buy", filter="active").text) == ["Buy milk"]


def test_rows_are_not_newer_than_the_counts_beside_them(as_alice, alice):
    """The page would take the newest for known, and never ask for the counts again."""
    todo = make_todo(owner=alice)
    with after_select("todos_todo", Todo.objects.all().complete):
        answer = ask(as_alice, todo).text
    assert 'data-version="1"' in answer
    assert "<strong>0</strong> items left" in answer


def test_what_is_written_is_not_newer_than_the_rows_beside_it(as_alice, alice):
    """For the same reason: here another device makes it active right after it was looked whether this list shows it."""
    todo = make_todo(owner=alice)
    how = {"completed": "true", "filter": "active"}
    with after_select("todos_todo", Todo.objects.all().reactivate, times=3):
        answer = as_alice.post(f"/todos/{todo.pk}/toggle/", how, headers=HTMX).text
    assert 'hx-swap-oob="delete"' in answer
    assert f'data-todos="{todo.pk}:2:' in answer
    todo.refresh_from_db()
    assert (todo.version, todo.is_completed) == (3, False)


def test_an_offer_to_take_back_what_is_back_already_is_withdrawn(as_alice, alice):
    todo = make_todo(owner=alice)
    Todo.objects.trash()
    batch = Todo.objects.get().batch
    withdrawn = 'hx-swap-oob="innerHTML:#undo"'
    assert withdrawn not in ask(as_alice, todo, undo=batch).text
    assert withdrawn not in ask(as_alice, todo).text
    Todo.objects.restore()
    assert withdrawn in ask(as_alice, todo, undo=batch).text


def test_a_page_learns_nothing_of_others(as_bob, visitor, alice, bob):
    todo = make_todo(owner=alice)
    answer = ask(as_bob, todo)
    assert titles(answer.text) == []
    assert "<strong>0</strong> items left" in answer.text
    assert ask(visitor, todo).status_code == 401


def test_where_somebody_else_has_logged_in_since_a_page_of_the_first_gets_nothing(as_bob, bob):
    todo = make_todo(owner=bob)
    for url in (f"{URL}?id={todo.pk}", "/todos/", "/todos/active/?cursor=-1_1"):
        assert titles(as_bob.get(url, headers=HTMX | {"X-User": "bob"}).text) == ["Buy milk"]
        answer = as_bob.get(url, headers=HTMX | {"X-User": "alice"})
        assert answer.status_code == 403
        assert "You are signed in as someone else now" in answer.text
        assert "Buy milk" not in answer.text


@pytest.mark.parametrize("bad", [["x"], ["-1"], [""], ["1", "\0"], ["9" * 19], ["1"] * 101])
def test_ids_that_are_none_and_too_many_are_refused(as_alice, bad):
    answer = as_alice.get(URL, {"id": bad}, headers=HTMX)
    assert answer.status_code == 400
    assert "at most 100" in answer.text


def test_without_htmx_it_leads_to_the_list(as_alice):
    assert as_alice.get(f"{URL}?id=1&filter=active&q=milk")["Location"] == "/todos/active/?q=milk"


def test_what_is_written_and_not_shown_is_known_where_it_was_written(as_alice, alice):
    """So that nobody asks for it there."""
    todo = make_todo(owner=alice)

    def written(url: str, **values: object) -> list[str]:
        answer = as_alice.post(url, values, headers=HTMX)
        found = re.search(r'id="written" hidden data-todos="(.*?)"', answer.text)
        return found[1].split() if found else []

    here = f"/todos/{todo.pk}/"
    assert written(f"{here}toggle/", completed="true") == []  # its row says it
    assert written(f"{here}move/", after=todo.pk) == [f"{todo.pk}:2:{todo.order}"]
    assert written(f"{here}toggle/", filter="completed") == [f"{todo.pk}:3:{todo.order}"]
    assert written("/todos/toggle-all/", completed="true", q="nothing") == [f"{todo.pk}:4:{todo.order}"]
    assert written("/todos/clear-completed/") == [f"{todo.pk}:5:{todo.order}"]
    assert written("/todos/undo/", undo=Todo.objects.get().batch, filter="active") == [f"{todo.pk}:6:{todo.order}"]
    assert written(f"{here}delete/") == [f"{todo.pk}:7:{todo.order}"]
    assert [version for _, version, _ in [each.split(":") for each in written("/todos/", title="New", q="x")]] == ["1"]


class TestEditPage:
    def form(self, client, todo: Todo) -> dict[str, str]:
        """What a browser would send of the page, if nothing was written there."""
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

    def test_what_was_not_touched_here_is_not_overwritten(self, as_alice, todo):
        sent = self.form(as_alice, todo)
        Todo.objects.update(notes="three", due_on=None)
        assert as_alice.post(f"/todos/{todo.pk}/", {**sent, "title": "Buy oat milk"}).status_code == 302
        todo.refresh_from_db()
        assert (todo.title, todo.notes, todo.due_on) == ("Buy oat milk", "three", None)

    def test_what_was_touched_on_both_sides_is_refused_once_and_nothing_typed_is_lost(self, as_alice, todo):
        sent = {**self.form(as_alice, todo), "notes": "mine", "due_on": ""}
        Todo.objects.update(notes="theirs <b>", due_on="2030-02-01")
        answer = as_alice.post(f"/todos/{todo.pk}/", sent)
        assert answer.status_code == 422
        assert "It is now: theirs &lt;b&gt; – Save again" in answer.text
        assert "It is now: 2030-02-01 – Save again" in answer.text
        again = self.values(answer.text)
        assert (again["notes"], again["due_on"]) == ("mine", "")
        todo.refresh_from_db()
        assert todo.notes == "theirs <b>"
        assert as_alice.post(f"/todos/{todo.pk}/", again).status_code == 302
        todo.refresh_from_db()
        assert (todo.title, todo.notes, todo.due_on) == ("Buy milk", "mine", None)

    def test_what_became_the_same_on_both_sides_is_no_conflict(self, as_alice, todo):
        sent = {**self.form(as_alice, todo), "notes": "same"}
        Todo.objects.update(notes="same")
        assert as_alice.post(f"/todos/{todo.pk}/", sent).status_code == 302

    def test_saving_what_was_not_touched_writes_nothing(self, as_alice, todo):
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
    def test_date_in_a_new_title_counts_unless_a_due_date_is_set_here(self, as_alice, todo, typed, saved):
        Todo.objects.update(due_on=date(2030, 1, 31))
        sent = {**self.form(as_alice, todo), **typed}
        assert as_alice.post(f"/todos/{todo.pk}/", sent).status_code == 302
        todo.refresh_from_db()
        assert (todo.title, todo.due_on) == saved

    def test_date_in_an_old_title_stays_there(self, as_alice, todo):
        Todo.objects.update(title="Paint 2031-02-01")
        sent = {**self.form(as_alice, todo), "notes": "new"}
        assert as_alice.post(f"/todos/{todo.pk}/", sent).status_code == 302
        todo.refresh_from_db()
        assert (todo.title, todo.due_on, todo.notes) == ("Paint 2031-02-01", date(2030, 1, 31), "new")

    def test_date_in_a_title_overwrites_no_due_date_that_was_set_elsewhere(self, as_alice, todo):
        sent = {**self.form(as_alice, todo), "title": "Pay rent 2031-02-01"}
        Todo.objects.update(due_on=date(2032, 3, 4))
        answer = as_alice.post(f"/todos/{todo.pk}/", sent)
        assert answer.status_code == 422
        assert "It is now: 2032-03-04" in answer.text
        again = self.values(answer.text)
        assert (again["title"], again["due_on"]) == ("Pay rent", "2031-02-01")
        assert as_alice.post(f"/todos/{todo.pk}/", again).status_code == 302
        todo.refresh_from_db()
        assert (todo.title, todo.due_on) == ("Pay rent", date(2031, 2, 1))
