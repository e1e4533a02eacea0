"""The titles of pages, and the navigation that static and dynamic pages share."""

import re

import pytest

PAGES = [
    "/todos/",
    "/todos/active/",
    "/todos/completed/",
    "/todos/today/",
    "/todos/upcoming/",
    "/todos/import/",
    "/trash/",
    "/uploads/",
    "/progress/",
    "/accounts/password_change/",
    "/accounts/settings/",
    "/accounts/password_reset/",
    "/guide/",
    "/guide/architecture/",
    "/guide/cors/",
    "/guide/server/",
    "/guide/tasks/",
    "/dashboard/",
]


def title(page: str) -> str:
    return re.search(r"<title>(.*?)</title>", page, re.DOTALL)[1]


def links(page: str) -> list[str]:
    nav = re.search(r'<nav aria-label="Site">(.*?)</nav>', page, re.DOTALL)[1]
    return re.findall(r"<a [^>]*>(To-dos|Uploads|Dashboard|Guide|Log in)</a>", nav)


def test_each_page_has_a_unique_title(as_alice):
    titles = [title(as_alice.get(url).text) for url in PAGES]
    assert [each for each in titles if not re.fullmatch(r"\S.* · Headway", each)] == []
    assert len(set(titles)) == len(PAGES)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("", "To-dos"), ("active/", "Active to-dos"), ("today/", "Today"), ("upcoming/", "Upcoming"), ("?q=x", "To-dos")],
)
def test_title_of_a_list_names_its_filter(as_alice, path, expected):
    assert title(as_alice.get(f"/todos/{path}").text) == f"{expected} · Headway"


def test_fragment_of_a_filtered_list_has_its_title(as_alice):
    fragment = as_alice.get("/todos/active/", headers={"HX-Request": "true"}).text
    assert title(fragment) == title(as_alice.get("/todos/active/").text) == "Active to-dos · Headway"


@pytest.mark.parametrize("url", ["/", *PAGES])
def test_static_and_dynamic_pages_share_their_navigation(as_alice, url):
    assert links(as_alice.get(url).text) == ["To-dos", "Uploads", "Dashboard", "Guide"]


def test_static_pages_have_no_login_and_sign_up_links(as_alice):
    for url in ("/", "/guide/"):
        page = as_alice.get(url).text
        assert not re.search(r'<a [^>]*href="[^#"][^>]*>(Log in|Sign up)</a>', page)
