"""The list of files: sort orders, search by name, and the view, on the page and in the API."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.helpers import file, problem
from uploads import api, retention, views
from uploads.models import MAX_FOLDED_NAME, Upload
from uploads.receiving import ingest

NAMES = ["b.txt", "Äpfel.txt", "a.txt", "Zebra.txt", "birne.txt", "zebra.txt", "C😀.txt"]
BY_NAME = ["a.txt", "Äpfel.txt", "b.txt", "birne.txt", "C😀.txt"]
"""The names that differ, in the order of their letters."""


@pytest.fixture
def uploads(alice) -> list[Upload]:
    """Files with other sizes than ages, of which two have the same age and two the same size."""
    start = timezone.now() - timedelta(days=1)
    return [
        Upload.objects.create(
            owner=alice,
            name=name,
            size=(3 * number) % 7 // 2,
            content_type="text/plain",
            file="x",
            created_at=start + timedelta(seconds=number // 2),
        )
        for number, name in enumerate(NAMES)
    ]


def make_upload(owner, name: str, **values) -> Upload:
    return Upload.objects.create(owner=owner, name=name, size=1, content_type="text/plain", file="x", **values)


def names_on(page: str) -> list[str]:
    return re.findall(r"<h2><a [^>]*>(.*?)</a></h2>", page)


def names_in_api(client, **query) -> list[str]:
    """Return the names on all pages of the API."""
    names, response = [], client.get("/api/uploads/", query)
    while True:
        names += [upload["name"] for upload in response.json()]
        if "Link" not in response:
            return names
        response = client.get(response["Link"].removeprefix("<").removesuffix('>; rel="next"'))


def names_on_pages(client, **query) -> list[str]:
    """Return the names on all pages of the list."""
    names, response = [], client.get("/uploads/", query)
    while True:
        names += names_on(response.text)
        link = re.search(r'rel="next" href="(.*?)"', response.text)
        if not link:
            return names
        response = client.get(link[1].replace("&amp;", "&"))


class TestSort:
    @pytest.mark.parametrize(
        ("sort", "key", "is_descending"),
        [
            ("newest", "created_at", True),
            ("oldest", "created_at", False),
            ("name", "name_folded", False),
            ("size", "size", True),
        ],
    )
    def test_orders_all_pages(self, as_alice, uploads, monkeypatch, sort, key, is_descending):
        monkeypatch.setattr(api, "PAGE_SIZE", 2)
        monkeypatch.setattr(views, "PAGE_SIZE", 3)
        uploads.sort(key=lambda upload: (getattr(upload, key), upload.pk), reverse=is_descending)
        expected = [upload.name for upload in uploads]
        assert names_in_api(as_alice, sort=sort) == expected
        assert names_on_pages(as_alice, sort=sort) == expected

    def test_by_name_ignores_case_and_accents_on_every_database(self, as_alice, uploads):
        names = names_in_api(as_alice, sort="name")
        assert names[:5] == BY_NAME
        assert sorted(names[5:]) == ["Zebra.txt", "zebra.txt"]

    @pytest.mark.parametrize("sort", ["newest", "oldest", "name", "size"])
    def test_next_page_exists_after_the_last_upload_of_a_page_is_deleted(self, as_alice, uploads, monkeypatch, sort):
        monkeypatch.setattr(api, "PAGE_SIZE", 3)
        response = as_alice.get("/api/uploads/", {"sort": sort, "q": "txt"})
        expected = names_in_api(as_alice, sort=sort)[3:6]
        Upload.objects.get(pk=response.json()[-1]["id"]).delete()
        url = response["Link"].removeprefix("<").removesuffix('>; rel="next"')
        assert {"sort": [sort], "q": ["txt"]}.items() <= parse_qs(urlsplit(url).query).items()
        assert [upload["name"] for upload in as_alice.get(url).json()] == expected

    @pytest.mark.parametrize("sort", ["newest", "oldest", "name", "size"])
    def test_uses_an_index_and_four_queries(self, as_alice, uploads, sort):
        with CaptureQueriesContext(connection) as queries:
            as_alice.get("/api/uploads/", {"sort": sort})
        assert len(queries) == 4  # session, user, uploads with their jobs, renditions
        if connection.vendor == "sqlite":
            (sql,) = [query["sql"] for query in queries if 'FROM "uploads_upload"' in query["sql"]]
            with connection.cursor() as cursor:
                plan = str(cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())
            assert "USING INDEX upload_by_" in plan
            assert "TEMP B-TREE" not in plan

    def test_link_keeps_the_search(self, as_alice, uploads):
        page = as_alice.get("/uploads/", {"q": "zebra", "cursor": "", "deleted": "x"}).text
        assert re.findall(r'href="(\?[^"]*sort=[^"]*)"', page)[2] == "?q=zebra&amp;sort=name"
        page = as_alice.get("/uploads/", {"q": "zebra", "sort": "size"}).text
        assert '<input type="hidden" name="sort" value="size">' in page
        assert 'data-sort="size"' in page
        assert 'data-query="zebra"' in page

    @pytest.mark.parametrize("cursor", ["x", "_", "12", "é_{id}", "\0", "1_x", "-1_{id}", "99999999999999999999_{id}"])
    @pytest.mark.parametrize("sort", ["name", "size", "oldest"])
    def test_with_invalid_cursor_returns_400(self, as_alice, uploads, sort, cursor):
        query = {"sort": sort, "cursor": cursor.format(id=uploads[0].pk)}
        problem(as_alice.get("/api/uploads/", query), 400)
        assert as_alice.get("/uploads/", query).status_code == 400

    def test_with_nul_in_the_cursor_returns_400(self, as_alice, uploads):
        problem(as_alice.get("/api/uploads/", {"sort": "name", "cursor": f"AAAA_{uploads[0].pk}"}), 400)


class TestSearch:
    @pytest.mark.parametrize(
        ("q", "found"),
        [
            ("apfel", ["Äpfel.txt"]),
            ("ÄPFEL", ["Äpfel.txt"]),
            ("A\u0308pfel", ["Äpfel.txt"]),
            ("ebr txt", ["Zebra.txt", "zebra.txt"]),
            ("😀", ["C😀.txt"]),
            ("%", []),
        ],
    )
    def test_finds_names_by_all_words(self, as_alice, uploads, q, found):
        assert sorted(names_in_api(as_alice, q=q)) == found
        assert sorted(names_on_pages(as_alice, q=q)) == found

    def test_finds_own_files_only(self, as_bob, uploads):
        assert names_in_api(as_bob, q="zebra") == []

    def test_without_result_offers_all_files(self, as_alice, uploads):
        page = as_alice.get("/uploads/", {"q": "<b>", "sort": "name"}).text
        assert "No files match “<bdi>&lt;b&gt;</bdi>”." in page
        assert '<a class="button secondary" href="?sort=name">Show all files</a>' in page
        assert 'value="&lt;b&gt;"' in page

    def test_returns_no_card_of_another_name(self, as_alice, as_bob, uploads):
        url = f"/uploads/{uploads[0].pk}/card/"
        assert names_on(as_alice.get(url, {"q": "b.t"}).text) == ["b.txt"]
        assert as_alice.get(url, {"q": "zebra"}).status_code == 204
        assert as_bob.get(url, {"q": "zebra"}).status_code == 404
        uploads[0].trash()
        assert as_alice.get(url, {"q": "zebra"}).status_code == 404

    @pytest.mark.parametrize("query", [{"sort": "colour"}, {"q": "x" * 201}, {"q": "\0"}])
    def test_invalid_query_is_400_in_the_api_and_ignored_by_the_page(self, as_alice, uploads, query):
        problem(as_alice.get("/api/uploads/", query), 400)
        assert len(names_on(as_alice.get("/uploads/", query).text)) == len(NAMES)

    def test_of_a_name_that_folding_makes_longer_finds_its_start(self, as_alice, alice):
        make_upload(alice, "start" + "\ufdfa" * 250)
        assert len(names_in_api(as_alice, q="START")) == 1
        assert len(Upload.objects.get().name_folded) == MAX_FOLDED_NAME


class TestView:
    def test_is_a_grid_until_another_is_chosen(self, as_alice, uploads):
        assert 'data-view="grid"' in as_alice.get("/uploads/").text
        response = as_alice.get("/uploads/", {"view": "list"})
        assert 'data-view="list"' in response.text
        cookie = response.cookies["files_view"]
        assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/uploads/", "Lax", True)
        assert 'data-view="list"' in as_alice.get("/uploads/").text
        assert "files_view" not in as_alice.get("/uploads/").cookies
        as_alice.get("/uploads/", {"view": "grid"})
        assert 'data-view="grid"' in as_alice.get("/uploads/").text

    def test_with_invalid_name_is_ignored(self, as_alice, uploads):
        as_alice.cookies["files_view"] = "table"
        response = as_alice.get("/uploads/", {"view": "<"})
        assert 'data-view="grid"' in response.text
        assert "files_view" not in response.cookies

    def test_link_keeps_the_page(self, as_alice, uploads, monkeypatch):
        monkeypatch.setattr(views, "PAGE_SIZE", 2)
        link = re.search(r'rel="next" href="(.*?)"', as_alice.get("/uploads/", {"sort": "size"}).text)[1]
        second = as_alice.get(link.replace("&amp;", "&")).text
        view = re.search(r'<a href="(\?[^"]*view=list)"', second)[1].replace("&amp;", "&")
        assert names_on(as_alice.get(f"/uploads/{view}").text) == names_on(second)

    def test_of_an_empty_list_has_no_controls(self, as_alice):
        assert re.search(r'id="list-head" hidden', as_alice.get("/uploads/").text)
        assert not re.search(r'id="list-head" hidden', as_alice.get("/uploads/", {"q": "x"}).text)


class TestNameWrittenByAnOlderRelease:
    def test_is_found_after_maintenance(self, as_alice, alice):
        ingest.create_upload(alice, file(b"hello", "Äpfel.txt"))
        Upload.objects.update(name_folded="")
        assert names_in_api(as_alice, q="apfel") == []
        retention.prune()
        assert names_in_api(as_alice, q="apfel") == ["Äpfel.txt"]

    @pytest.mark.django_db(transaction=True)
    def test_is_found_after_migration(self, as_alice, alice):
        before = [("uploads", "0003_plain_help_texts")]
        executor = MigrationExecutor(connection)
        newest = executor.loader.graph.leaf_nodes()
        executor.migrate(before)
        try:
            old = executor.loader.project_state(before).apps.get_model("uploads", "Upload")
            old.objects.create(owner_id=alice.pk, name="Äpfel.txt", size=1, content_type="text/plain", file="x")
        finally:
            MigrationExecutor(connection).migrate(newest)
        assert names_in_api(as_alice, q="APFEL") == ["Äpfel.txt"]
