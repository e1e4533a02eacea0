"""The rows of the list: the names and URLs of their controls, and what a page of 100 rows costs."""

import gzip
import re

import pytest
from django.urls import resolve

from tests.helpers import make_todo
from tests.todos.pages.helpers import (
    HTMX,
    MAX_COMPRESSED_BYTES,
    MAX_VARIED_BYTES,
    make_plain_todos,
    make_varied_todos,
)
from uploads.models import Upload


def test_urls_of_a_row_are_those_of_the_urlconf(as_alice, alice):
    todo = make_todo(owner=alice)
    page = as_alice.get("/todos/").text
    urls = re.findall(rf'(?:formaction|href)="(/todos/{todo.pk}/.*?)"', page)
    matches = [resolve(url) for url in urls]
    assert [match.view_name for match in matches] == [
        "todos:toggle",
        "todos:move",
        "todos:move",
        "todos:edit",
        "todos:delete",
    ]
    assert all(match.kwargs == {"todo_id": todo.pk} for match in matches)


def test_controls_of_a_row_are_named_by_elements_of_the_page(as_alice, alice):
    todo = make_todo(owner=alice)
    page = as_alice.get("/todos/").text
    references = re.findall(rf'aria-labelledby="(name-\w+) title-{todo.pk}"', page)
    texts = [re.search(rf'<span id="{reference}">(.*?)</span>', page)[1] for reference in references]
    assert texts == ["Move", "Done:", "Done:", "Due date:", "Move up:", "Move down:", "Edit", "Delete"]
    assert f'<label id="title-{todo.pk}" dir="auto">Buy milk</label>' in page


def test_rows_for_scripts_have_no_buttons_of_forms(as_alice, alice):
    make_todo(owner=alice)
    fragment = as_alice.get("/todos/", headers=HTMX).text
    row = re.search(r"<li.*</li>", fragment)[0]
    assert 'class="plain' not in row
    assert "form=" not in row


def test_notes_leave_a_sign_on_the_row(as_alice, alice):
    make_todo(owner=alice)
    assert "Has notes" not in as_alice.get("/todos/").text
    make_todo(owner=alice, notes="With oats")
    page = as_alice.get("/todos/").text
    assert page.count("Has notes") == 1
    assert "With oats" not in page


@pytest.mark.usefixtures("frozen_time")
@pytest.mark.parametrize(
    ("make_todos", "max_bytes"), [(make_plain_todos, MAX_COMPRESSED_BYTES), (make_varied_todos, MAX_VARIED_BYTES)]
)
def test_page_of_100_rows_is_small(as_alice, alice, make_todos, max_bytes):
    make_todos(alice, 100)
    page = as_alice.get("/todos/").content
    assert page.count(b"<li id=") == 100
    assert len(gzip.compress(page, 6)) <= max_bytes


def test_number_of_queries_does_not_grow_with_the_list(as_alice, alice, django_assert_num_queries):
    for _ in range(2):
        make_varied_todos(alice, 40)
        with django_assert_num_queries(5):  # session, user, to-dos, their files, counts
            as_alice.get("/todos/")


def test_title_with_a_url_has_a_link(as_alice, alice):
    make_todo(owner=alice, title="Read https://example.org/?a=1&b=2 <today>")
    link = '<a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer nofollow">https://example.org/?a=1&amp;b=2</a>'
    assert f"Read {link} &lt;today&gt;</label>" in as_alice.get("/todos/").text


def test_texts_of_a_row_are_escaped(as_alice, alice):
    todo = make_todo(owner=alice, title='"><i>title</i> {{ 7 * 7 }}')
    todo.attach(Upload.objects.create(owner=alice, name='"><i>name</i>.txt', size=1))
    for headers in ({}, HTMX):
        page = as_alice.get("/todos/", headers=headers).text
        assert "<i>" not in page
        assert "&lt;i&gt;title&lt;/i&gt; {{ 7 * 7 }}</label>" in page
        assert "&lt;i&gt;name&lt;/i&gt;.txt</bdi>" in page
