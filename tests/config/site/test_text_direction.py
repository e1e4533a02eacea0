"""Text of users is displayed in the direction of its script everywhere on a page."""

import re

import pytest

from tests.helpers import file, make_todo
from todos.models import Todo
from uploads.models import Upload

TITLE = "קנה חלב"
ISOLATED = re.compile(rf'<(bdi|[a-z0-9]+ [^<>]*dir="auto"[^<>]*)>[^<>]*{TITLE}')


@pytest.mark.parametrize(
    "url", ["/todos/", "/trash/", "/trash/?kind=files", "/todos/{todo}/", "/uploads/", "/uploads/{upload}/"]
)
def test_titles_and_file_names_have_their_own_direction(as_alice, alice, url):
    as_alice.post("/uploads/", {"file": file(name=f"{TITLE}.txt")})
    todo = make_todo(owner=alice, title=TITLE)
    upload = Upload.objects.get()
    todo.attach(upload)
    if "trash" in url:
        Todo.objects.trash()
        Upload.objects.get().trash()
    page = as_alice.get(url.format(todo=todo.pk, upload=upload.pk)).text
    body = page[page.index("<body>") :]
    shown = re.findall(rf">[^<>]*{TITLE}", body)
    assert shown
    assert len(shown) == len(ISOLATED.findall(body)) + len(re.findall(rf'class="visually-hidden">{TITLE}', body))


def test_fields_of_the_list_have_the_direction_of_the_typed_text(as_alice, alice):
    make_todo(owner=alice)
    page = as_alice.get("/todos/").text
    for name in ("id_title", "id_q"):
        assert re.search(rf'<input [^>]*dir="auto"[^>]*id="{name}"', page)
    assert re.search(r'class="edit" dir="auto"', page)


@pytest.mark.parametrize(("url", "ids"), [("/todos/{}/", ["todo_title", "todo_notes"]), ("/dashboard/", ["title"])])
def test_fields_of_forms_have_the_direction_of_the_typed_text(as_alice, alice, url, ids):
    page = as_alice.get(url.format(make_todo(owner=alice).pk)).text
    for name in ids:
        (field,) = re.findall(rf'<(?:input|textarea) [^>]*id="{name}"[^>]*>', page)
        assert 'dir="auto"' in field
