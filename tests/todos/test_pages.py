"""The list by plain forms: no JavaScript takes part."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from tests.helpers import file, make_todo
from todos.filters import PAGE_SIZE
from todos.models import Todo
from uploads.models import Upload

HTMX = {"HX-Request": "true"}


def titles(page: str) -> list[str]:
    """Of the rows, in their order."""
    return re.findall(r'<label dir="auto">(.*?)</label>', page)


def test_an_empty_list_says_what_to_do(as_alice):
    assert "Type your first to-do" in as_alice.get("/todos/").text


def test_adding(as_alice, alice):
    response = as_alice.post("/todos/", {"title": "  Buy milk  "})
    assert (response.status_code, response["Location"]) == (302, "/todos/")
    todo = Todo.objects.get()
    assert (todo.title, todo.owner, todo.is_completed) == ("Buy milk", alice, False)
    page = as_alice.get("/todos/").text
    assert "Buy milk" in page
    assert "<strong>1</strong> item left" in page


@pytest.mark.parametrize("title", ["", "   ", "x" * 501, "nul\0"])
def test_a_title_that_is_none_is_refused_and_said(as_alice, title):
    response = as_alice.post("/todos/", {"title": title})
    assert response.status_code == 422
    assert 'class="error"' in response.text
    assert not Todo.objects.exists()


def test_half_a_surrogate_pair_arrives_as_a_replacement_character(as_alice):
    body, content_type = b"title=Buy %ED%A0%80", "application/x-www-form-urlencoded"
    assert as_alice.post("/todos/", body, content_type=content_type).status_code == 302
    assert set(Todo.objects.get().title.removeprefix("Buy ")) == {"\ufffd"}


def test_what_was_typed_is_not_lost_when_it_is_refused(as_alice):
    page = as_alice.post("/todos/", {"title": "y" * 501}).text
    assert "y" * 501 in page


def test_a_title_of_500_characters_is_fine(as_alice):
    assert as_alice.post("/todos/", {"title": "x" * 500}).status_code == 302


def test_toggling_one_of_a_long_list_sends_little_back(as_alice, alice):
    todo = make_todo(
        owner=alice, title="Ask the neighbours who waters the plants while we are away", due_on="2030-01-31"
    )
    for _ in range(150):
        make_todo(owner=alice)
    answer = as_alice.post(f"/todos/{todo.pk}/toggle/", {"completed": "true"}, headers=HTMX)
    assert f"todo-{todo.pk}" in answer.text
    assert len(answer.content) <= 4096


def test_completing_and_taking_it_back(as_alice, alice):
    todo = make_todo(owner=alice)
    assert as_alice.post(f"/todos/{todo.pk}/toggle/", {"completed": "true"})["Location"] == "/todos/"
    todo.refresh_from_db()
    assert todo.completed_at <= timezone.now()
    page = as_alice.get("/todos/").text
    assert 'class="completed"' in page
    assert "<strong>0</strong> items left" in page
    as_alice.post(f"/todos/{todo.pk}/toggle/")
    todo.refresh_from_db()
    assert todo.completed_at is None


def test_editing(as_alice, alice):
    todo = make_todo(owner=alice)
    assert "Buy milk" in as_alice.get(f"/todos/{todo.pk}/").text
    response = as_alice.post(f"/todos/{todo.pk}/", {"title": "Buy oat milk", "notes": "two", "due_on": "2030-01-31"})
    assert response["Location"] == "/todos/"
    todo.refresh_from_db()
    assert (todo.title, todo.notes, str(todo.due_on)) == ("Buy oat milk", "two", "2030-01-31")


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"title": "x", "due_on": "soon"}, {"title": "x", "notes": "n" * 20_001}]
)
def test_a_wrong_edit_changes_nothing(as_alice, alice, wrong):
    todo = make_todo(owner=alice)
    response = as_alice.post(f"/todos/{todo.pk}/", wrong)
    assert response.status_code == 422
    assert "errorlist" in response.text
    todo.refresh_from_db()
    assert todo.title == "Buy milk"


def test_deleting(as_alice, alice):
    todo = make_todo(owner=alice)
    response = as_alice.post(f"/todos/{todo.pk}/delete/", follow=True)
    assert not Todo.objects.visible_to(alice).exists()
    assert "Deleted “Buy milk”." in response.text


CHANGES = [
    ("", {"title": "Stolen"}),
    ("rename/", {"title": "Stolen"}),
    ("rename/", {"title": ""}),
    ("toggle/", {"completed": "true"}),
    ("move/", {"direction": "up"}),
    ("delete/", {}),
    ("attach/", {"upload": "00000000-0000-4000-8000-000000000000"}),
    ("detach/", {"upload": "00000000-0000-4000-8000-000000000000"}),
]


@pytest.mark.parametrize(("url", "values"), CHANGES)
def test_someone_elses_todo_does_not_exist(as_bob, visitor, alice, url, values):
    todo = make_todo(owner=alice)
    assert as_bob.post(f"/todos/{todo.pk}/{url}", values).status_code == 404
    assert visitor.post(f"/todos/{todo.pk}/{url}", values).status_code == 302
    assert visitor.post(f"/todos/{todo.pk}/{url}", values, headers=HTMX).status_code == 401
    todo.refresh_from_db()
    assert (todo.title, todo.completed_at, todo.deleted_at, todo.version) == ("Buy milk", None, None, 1)


def test_someone_elses_list_is_not_seen_and_not_touched(as_bob, visitor, alice, bob):
    todo = make_todo(owner=alice, completed_at=timezone.now())
    for url in ("", "active/", "completed/", "?q=milk", f"{todo.pk}/"):
        assert "Buy milk" not in as_bob.get(f"/todos/{url}").text
        assert visitor.get(f"/todos/{url}").status_code == 302
    for url in ("toggle-all/", "clear-completed/"):
        assert as_bob.post(f"/todos/{url}").status_code == 302
        assert visitor.post(f"/todos/{url}")["Location"].startswith("/accounts/login/")
    todo.refresh_from_db()
    assert todo.version == 1


def test_what_someone_else_deleted_can_not_be_brought_back(as_alice, as_bob, visitor, alice):
    todo = make_todo(owner=alice)
    as_alice.post(f"/todos/{todo.pk}/delete/")
    todo.refresh_from_db()
    name = {"undo": todo.batch}
    assert as_bob.post("/todos/undo/", name).status_code == 404
    assert visitor.post("/todos/undo/", name).status_code == 302
    assert "Undo" not in as_bob.get("/todos/", name).text
    assert not Todo.objects.visible_to(alice).exists()


def test_a_link_can_not_change_anything(as_alice, alice):
    todo = make_todo(owner=alice)
    for url in ("rename", "toggle", "move", "delete", "attach", "detach"):
        assert as_alice.get(f"/todos/{todo.pk}/{url}/").status_code == 405
    for url in ("toggle-all", "clear-completed", "undo"):
        assert as_alice.get(f"/todos/{url}/").status_code == 405
    todo.refresh_from_db()
    assert todo.version == 1


def test_titles_are_escaped(as_alice, alice):
    make_todo(owner=alice, title="<script>alert(1)</script>")
    assert "<script>alert" not in as_alice.get("/todos/").text


def test_the_list_costs_the_same_queries_however_long(as_alice, alice, django_assert_num_queries):
    for _ in range(30):
        make_todo(owner=alice)
    with django_assert_num_queries(5):  # session, user, to-dos, their files, counts
        as_alice.get("/todos/")


def test_filters_and_words_that_are_sought(as_alice, alice):
    make_todo(owner=alice, title="Buy milk")
    make_todo(owner=alice, title="Buy bread", completed_at=timezone.now())
    make_todo(owner=alice, title="Call mum", notes="about the milk")
    assert titles(as_alice.get("/todos/").text) == ["Buy milk", "Buy bread", "Call mum"]
    assert titles(as_alice.get("/todos/active/").text) == ["Buy milk", "Call mum"]
    assert titles(as_alice.get("/todos/completed/").text) == ["Buy bread"]
    assert titles(as_alice.get("/todos/?q=milk").text) == ["Buy milk", "Call mum"]
    assert titles(as_alice.get("/todos/completed/?q=milk").text) == []
    assert 'href="/todos/active/?q=milk"' in as_alice.get("/todos/?q=milk").text
    assert "No to-dos match “&lt;b&gt;”." in as_alice.get("/todos/?q=<b>").text
    assert titles(as_alice.get("/todos/?q=%00").text) == titles(as_alice.get("/todos/").text)


def test_a_change_leads_back_to_the_list_it_was_made_in(as_alice, alice):
    todo = make_todo(owner=alice)
    where = {"filter": "active", "q": "milk"}
    assert as_alice.post(f"/todos/{todo.pk}/toggle/", where)["Location"] == "/todos/active/?q=milk"
    assert as_alice.post("/todos/", {"title": "More milk", **where})["Location"] == "/todos/active/?q=milk"
    assert as_alice.post("/todos/toggle-all/", {"filter": "nonsense"})["Location"] == "/todos/"


def test_a_long_list_comes_in_pages(as_alice, alice):
    for number in range(PAGE_SIZE + 3):
        make_todo(owner=alice, title=f"Step {number}")
    first = as_alice.get("/todos/?q=step").text
    assert len(titles(first)) == PAGE_SIZE
    more = re.search(r'rel="next" href="(.*?)"', first)[1].replace("&amp;", "&")
    Todo.objects.get(title=f"Step {PAGE_SIZE - 1}").delete()  # whose place is in that address
    rest = [f"Step {PAGE_SIZE + number}" for number in range(3)]
    page = as_alice.get(more).text
    assert titles(page) == rest
    assert 'rel="next"' not in page
    part = as_alice.get(more, headers=HTMX).text
    assert titles(part) == rest
    assert "<html" not in part


def test_the_page_after_the_largest_of_places(as_alice, alice):
    """As a program may set them."""
    largest = 2**63 - 1
    Todo.objects.bulk_create(Todo(owner=alice, title=f"{n}", order=largest - PAGE_SIZE + n) for n in range(PAGE_SIZE))
    make_todo(owner=alice, title="last", order=largest)
    more = re.search(r'rel="next" href="(.*?)"', as_alice.get("/todos/").text)[1]
    assert titles(as_alice.get(more).text) == ["last"]


@pytest.mark.parametrize("cursor", ["x", "1", "_", "1_", "_1", "1_x", "\0", "1.5_1", "9" * 5000 + "_1"])
def test_invalid_cursor_shows_the_first_page(as_alice, alice, cursor):
    make_todo(owner=alice)
    assert titles(as_alice.get("/todos/", {"cursor": cursor}).text) == ["Buy milk"]


@pytest.mark.usefixtures("same_day")
def test_a_date_at_the_end_is_understood_and_need_not_be_taken(as_alice):
    today = timezone.localdate()
    as_alice.post("/todos/", {"title": "Call mum today"})
    as_alice.post("/todos/", {"title": "Paint today", "as_typed": "true"})
    assert list(Todo.objects.values_list("title", "due_on")) == [("Call mum", today), ("Paint today", None)]


class TestRename:
    DUE = date(2030, 1, 31)

    @pytest.fixture
    def todo(self, alice):
        return make_todo(owner=alice, title="Pay rent", due_on=self.DUE)

    def rename(self, client, todo: Todo, title: str, **values: str) -> tuple[str, date | None]:
        answer = client.post(f"/todos/{todo.pk}/rename/", {"title": title, **values})
        assert answer.status_code == 302
        todo.refresh_from_db()
        return todo.title, todo.due_on

    @pytest.mark.usefixtures("same_day")
    def test_date_at_the_end_becomes_the_due_date(self, as_alice, todo):
        assert self.rename(as_alice, todo, "Pay the rent today") == ("Pay the rent", timezone.localdate())

    def test_date_alone_moves_the_due_date(self, as_alice, todo):
        assert self.rename(as_alice, todo, "Pay rent 2031-02-01") == ("Pay rent", date(2031, 2, 1))

    def test_title_without_a_date_keeps_the_due_date(self, as_alice, todo):
        assert self.rename(as_alice, todo, "Pay the rent") == ("Pay the rent", self.DUE)

    def test_title_is_kept_as_typed(self, as_alice, todo):
        assert self.rename(as_alice, todo, "Paint today", as_typed="true") == ("Paint today", self.DUE)

    def test_unchanged_title_is_not_parsed(self, as_alice, todo):
        self.rename(as_alice, todo, "Paint today", as_typed="true")
        version = todo.version
        assert self.rename(as_alice, todo, "Paint today") == ("Paint today", self.DUE)
        assert todo.version == version

    def test_invalid_title_changes_nothing(self, as_alice, todo):
        answer = as_alice.post(f"/todos/{todo.pk}/rename/", {"title": "Pay\x07 rent today"})
        assert answer.status_code == 422
        todo.refresh_from_db()
        assert (todo.title, todo.due_on, todo.version) == ("Pay rent", self.DUE, 1)


@pytest.mark.usefixtures("same_day")
@pytest.mark.parametrize(
    ("days", "marked"), [(-2, 'class="due overdue"'), (0, 'class="due today"'), (1, 'class="due "')]
)
def test_what_is_overdue_or_due_today_is_marked(as_alice, alice, days, marked):
    todo = make_todo(owner=alice, due_on=timezone.localdate() + timedelta(days=days))
    page = as_alice.get("/todos/").text
    assert marked in page
    assert {-2: "Overdue: ", 0: "Today", 1: "Tomorrow"}[days] in page
    as_alice.post(f"/todos/{todo.pk}/toggle/", {"completed": "true"})
    assert 'class="due "' in as_alice.get("/todos/").text


def test_completing_all_and_clearing_them_can_be_undone(as_alice, alice):
    for number in range(3):
        make_todo(owner=alice, title=f"Step {number}")
    as_alice.post("/todos/toggle-all/", {"completed": "true"})
    make_todo(owner=alice, title="Later")
    page = as_alice.post("/todos/clear-completed/", follow=True).text
    assert titles(page) == ["Later"]
    assert "Deleted 3 to-dos." in page
    undo = re.search(r'name="undo" value="(.*?)"', page)[1]
    assert titles(as_alice.post("/todos/undo/", {"undo": undo}, follow=True).text) == [
        "Step 0",
        "Step 1",
        "Step 2",
        "Later",
    ]
    assert as_alice.post("/todos/undo/", {"undo": undo}).status_code == 404
    as_alice.post("/todos/toggle-all/", {"completed": ""})
    assert not Todo.objects.completed().exists()


@pytest.mark.parametrize("name", ["", "yesterday", "2026-02-31T00:00:00Z", "0001-01-01T00:00:00+23:00", "\0"])
def test_what_was_never_deleted_can_not_be_brought_back(as_alice, name):
    assert as_alice.post("/todos/undo/", {"undo": name}).status_code == 404
    assert as_alice.get("/todos/", {"undo": name}).status_code == 200


def test_moving_by_neighbour_and_past_the_one_that_is_shown(as_alice, alice):
    one, two, three = (make_todo(owner=alice, title=title) for title in ("one", "two", "three"))

    def order_after(todo: Todo, **values: object) -> list[str]:
        assert as_alice.post(f"/todos/{todo.pk}/move/", values).status_code == 302
        return titles(as_alice.get("/todos/").text)

    assert order_after(three, before=one.pk) == ["three", "one", "two"]
    assert order_after(three, after=two.pk) == ["one", "two", "three"]
    assert order_after(two, direction="up") == ["two", "one", "three"]
    assert order_after(two, direction="up") == ["two", "one", "three"]
    assert order_after(two, direction="down") == ["one", "two", "three"]
    as_alice.post(f"/todos/{two.pk}/toggle/", {"completed": "true"})
    assert order_after(three, direction="up", filter="active") == ["three", "one", "two"]


def test_moving_next_to_someone_elses_is_refused(as_alice, alice, bob):
    todo, other = make_todo(owner=alice), make_todo(owner=bob)
    assert as_alice.post(f"/todos/{todo.pk}/move/", {"before": other.pk}).status_code == 404


def test_renaming_with_nothing_deletes_and_a_wrong_title_is_refused(as_alice, alice):
    todo = make_todo(owner=alice)
    as_alice.post(f"/todos/{todo.pk}/rename/", {"title": "  Buy oat milk  "})
    todo.refresh_from_db()
    assert todo.title == "Buy oat milk"
    response = as_alice.post(f"/todos/{todo.pk}/rename/", {"title": "x" * 501}, headers=HTMX)
    assert response.status_code == 422
    assert "at most 500 characters" in response.text
    assert "Deleted “Buy oat milk”." in as_alice.post(f"/todos/{todo.pk}/rename/", {"title": " "}, follow=True).text


def test_a_file_is_attached_shown_and_taken_off(as_alice, alice, as_bob, bob):
    todo = make_todo(owner=alice)
    assert as_alice.post(f"/todos/{todo.pk}/attach/", {"file": file()})["Location"] == f"/todos/{todo.pk}/"
    upload = Upload.objects.get(owner=alice)
    for url in ("/todos/", f"/todos/{todo.pk}/"):
        assert f'<a dir="auto" href="/uploads/{upload.pk}/">hello.txt</a>' in as_alice.get(url).text
    response = as_alice.post(f"/todos/{todo.pk}/attach/", {"upload": upload.pk}, headers=HTMX)
    assert response.text.count("hello.txt") == 1
    other = make_todo(owner=bob)
    assert as_bob.post(f"/todos/{other.pk}/attach/", {"upload": upload.pk}).status_code == 404
    as_alice.post(f"/todos/{todo.pk}/detach/", {"upload": upload.pk})
    assert "hello.txt" not in as_alice.get("/todos/").text
    assert Upload.objects.visible_to(alice).exists()


def test_a_file_that_is_none_is_refused_on_the_page(as_alice, alice):
    todo = make_todo(owner=alice)
    assert "Choose a file first." in as_alice.post(f"/todos/{todo.pk}/attach/", {}).text
    for url in ("attach", "detach"):
        assert as_alice.post(f"/todos/{todo.pk}/{url}/", {"upload": "x"}).status_code == 404


def test_fragments_tell_all_that_a_change_makes_different_and_no_more(as_alice, alice):
    for number in range(50):
        make_todo(owner=alice, title=f"Step {number}")
    todo = Todo.objects.first()
    answer = as_alice.post(f"/todos/{todo.pk}/toggle/", {"completed": "true"}, headers=HTMX)
    assert titles(answer.text) == ["Step 0"]
    assert "<strong>49</strong> items left" in answer.text
    assert "hidden" not in re.search(r"<button.*?clear-completed.*?>", answer.text)[0]
    assert len(answer.content) <= 4096
    answer = as_alice.post(f"/todos/{todo.pk}/toggle/", {"filter": "completed"}, headers=HTMX)
    assert titles(answer.text) == []
    assert f'<li id="todo-{todo.pk}" hx-swap-oob="delete">' in answer.text
    assert "hidden" in re.search(r"<button.*?clear-completed.*?>", answer.text)[0]
    answer = as_alice.post("/todos/", {"title": "New", "filter": "completed"}, headers=HTMX)
    assert titles(answer.text) == []
    assert "<strong>51</strong> items left" in answer.text
