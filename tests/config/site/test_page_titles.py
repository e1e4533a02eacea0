"""The titles of pages, and the links in their headers."""

import re

import pytest
from django.utils import timezone

from tests.helpers import file, make_todo
from uploads.models import Upload

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

VISITOR_PAGES = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password_reset/done/",
    "/accounts/reset/MQ/expired-link/",
    "/accounts/reset/done/",
    "/accounts/deleted/",
    "/404.html",
    "/413.html",
    "/429.html",
    "/50x.html",
]

STATIC_PAGES = [url for url in PAGES if url.startswith(("/guide/", "/dashboard/"))]


def title(page: str) -> str:
    return re.search(r"<title>(.*?)</title>", page, re.DOTALL)[1]


def links(page: str, label: str) -> list[str]:
    nav = re.search(rf'<nav [^>]*aria-label="{label}">(.*?)</nav>', page, re.DOTALL)[1]
    return [
        " ".join(re.sub(r"<[^>]*>", "", text).split()) for text in re.findall(r"<a [^>]*>(.*?)</a>", nav, re.DOTALL)
    ]


def test_each_page_has_a_unique_title(client, as_alice):
    titles = [title(as_alice.get(url).text) for url in PAGES] + [title(client.get(url).text) for url in VISITOR_PAGES]
    assert [each for each in titles if not re.fullmatch(r"\S.* · Headway", each)] == []
    assert sorted(set(titles)) == sorted(titles)


def test_pages_of_one_object_name_it_or_the_action(as_alice, alice):
    todo, deleted = make_todo(owner=alice), make_todo(owner=alice, title="Call mum", deleted_at=timezone.now())
    as_alice.post("/uploads/", {"file": file()})
    upload = Upload.objects.get()
    titles = [
        title(as_alice.get(url).text)
        for url in (
            f"/todos/{todo.pk}/",
            f"/uploads/{upload.pk}/",
            f"/progress/{upload.job_id}/",
            f"/trash/delete/?kind=todos&item={deleted.pk}",
            "/missing/",
        )
    ]
    assert [each for each in titles if not re.fullmatch(r"\S.* · Headway", each)] == []
    assert len(set(titles)) == len(titles)
    assert titles[0] == f"{todo.title} · Headway"


@pytest.mark.parametrize(
    ("path", "expected"),
    [("", "To-dos"), ("active/", "Active to-dos"), ("today/", "Today"), ("upcoming/", "Upcoming"), ("?q=x", "To-dos")],
)
def test_title_of_a_list_names_its_filter(as_alice, path, expected):
    assert title(as_alice.get(f"/todos/{path}").text) == f"{expected} · Headway"


def test_fragment_of_a_filtered_list_has_its_title(as_alice):
    fragment = as_alice.get("/todos/active/", headers={"HX-Request": "true"}).text
    assert title(fragment) == title(as_alice.get("/todos/active/").text) == "Active to-dos · Headway"


@pytest.mark.parametrize("url", [url for url in PAGES if url not in STATIC_PAGES])
def test_pages_of_users_have_the_same_destinations(as_alice, url):
    assert links(as_alice.get(url).text, "Main") == ["Today", "Upcoming", "To-dos", "Files", "Activity"]


@pytest.mark.parametrize("url", ["/", *STATIC_PAGES[:-1], "/nowhere/"])
def test_static_pages_have_the_same_links_for_visitors_and_users(client, as_alice, url):
    for browser in (client, as_alice):
        assert links(browser.get(url).text, "Site") == ["Guide", "Dashboard", "Open your list"]


def test_static_pages_have_no_login_and_sign_up_links(as_alice):
    for url in ("/", "/guide/"):
        page = as_alice.get(url).text
        assert not re.search(r'<a [^>]*href="[^#"][^>]*>(Log in|Sign up)</a>', page)
