"""The static site as production has it: what is generated is what is served, and all that it needs is there."""

import gzip
import re
from pathlib import Path

import brotli
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from tests.config.test_conventions import STATIC_SITE

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("static site")]

APP = "https://app.example.com"
FINGERPRINT = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture(scope="module")
def public(tmp_path_factory) -> Path:
    """What the command makes, in the place of an older one. That no test here has a database is a test too."""
    directory = tmp_path_factory.mktemp("site")
    for name in ("index.html", "old.html", "static/config/icon.svg"):  # from an earlier version
        (directory / "public" / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / "public" / name).write_text("old")
    production = {"BACKEND": "config.site.static_files.FingerprintedFiles"}
    default = {"BACKEND": "django.core.files.storage.InMemoryStorage", "OPTIONS": {}}
    with override_settings(
        APP_ORIGIN=APP, STATIC_ROOT=directory / "static", STORAGES={"default": default, "staticfiles": production}
    ):
        call_command("distill-local", directory / "public", quiet=True)
        yield directory / "public"


def pages(public: Path) -> dict[str, bytes]:
    """All that isn't a static file, by its address."""
    files = [path for path in public.rglob("*") if path.is_file() and path.relative_to(public).parts[0] != "static"]
    found = {f"/{path.relative_to(public)}".removesuffix("index.html"): path.read_bytes() for path in files}
    return {address: content for address, content in found.items() if not address.endswith((".gz", ".br"))}


def test_each_address_is_answered_alike_by_the_app_and_by_its_file(public, client):
    assert set(pages(public)) == STATIC_SITE
    for address, content in pages(public).items():
        response = client.get(address)
        assert response.content == content, address
        assert "Cookie" not in response.get("Vary", ""), address
        assert not response.cookies


def test_the_static_files_of_the_app_are_collected_too(public):
    """Named by their content, with all that they import."""
    collected = public.parent / "static"
    assert list((collected / "uploads").glob("upload-page.*.js"))
    assert list((collected / "django_htmx").glob("htmx*.js"))


def test_what_is_compressed_is_the_same(public):
    packed = [path for path in public.rglob("*") if path.suffix in (".gz", ".br")]
    assert {public / "dashboard/index.html.gz", public / "dashboard/index.html.br"} <= set(packed)
    assert any("config/dashboard/dashboard." in str(path) for path in packed)
    for path in packed:
        unpack = {".gz": gzip.decompress, ".br": brotli.decompress}[path.suffix]
        assert unpack(path.read_bytes()) == path.with_suffix("").read_bytes(), path


def test_all_that_a_page_loads_is_there_and_named_by_its_content(public):
    todo = {
        public / address.removeprefix("/")
        for page in pages(public).values()
        for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.decode())
    }
    assert len(todo) > 4
    seen = set()
    while todo:
        path = todo.pop()
        seen.add(path)
        assert path.is_file(), path
        assert FINGERPRINT.search(path.name), path
        if path.suffix == ".js":
            imported = re.findall(r'^import[^;]*?"(\.[^"]+)";', path.read_text(), re.MULTILINE)
            todo |= {(path.parent / name).resolve() for name in imported} - seen
    assert {"tus", "job-watcher", "connection"} <= {path.name.partition(".")[0] for path in seen}


def test_every_address_is_that_of_production(public):
    for address, content in pages(public).items():
        assert not re.search(rb"localhost|127\.0\.0\.1|testserver", content), address
    assert f"Sitemap: {APP}/sitemap.xml\n" in (public / "robots.txt").read_text()
    sitemap = re.findall("<loc>(.*)</loc>", (public / "sitemap.xml").read_text())
    assert set(sitemap) == {f"{APP}{url}" for url in STATIC_SITE if url == "/" or url.startswith("/guide/")}
    assert f'data-api="{APP}/api"' in (public / "dashboard/index.html").read_text()
    assert f'const api = "{APP}/api";' in (public / "guide/index.html").read_text().replace("&quot;", '"')


def test_the_pages_allow_themselves_the_api_and_nothing_inline(public):
    policy = re.search(r'Security-Policy" content="([^"]+)"', (public / "dashboard/index.html").read_text())[1]
    rules = dict(rule.split(" ", 1) for rule in policy.replace("&#x27;", "'").split("; "))
    assert rules["connect-src"] == rules["img-src"] == f"'self' {APP}"
    assert rules["default-src"] == "'self'"
    assert "unsafe" not in policy
    for address, content in pages(public).items():
        assert not re.search(rb'<script(?![^>]* src=)|<style|<[^>]* (style|on\w+)="', content), address


def test_the_page_for_what_is_missing_is_the_apps_own(public, client):
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert response.content == (public / "404.html").read_bytes()


@pytest.mark.parametrize(("status", "words"), [(413, "larger than this site accepts"), (429, "too many requests")])
def test_what_a_proxy_refuses_is_said_as_by_the_app(public, status, words):
    assert words in (public / f"{status}.html").read_text()


def test_the_old_one_makes_place_as_a_whole(public):
    assert not (public / "old.html").exists()
    assert sorted(path.name for path in public.parent.iterdir()) == ["public", "static"]


def test_what_it_did_not_make_it_does_not_replace(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(CommandError, match="choose another directory"):
        call_command("distill-local", tmp_path)
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_it_must_know_where_the_app_is(tmp_path, settings):
    settings.APP_ORIGIN = "https://"  # of ALLOWED_HOSTS=*
    with pytest.raises(CommandError, match="ALLOWED_HOSTS"):
        call_command("distill-local", tmp_path / "public")
