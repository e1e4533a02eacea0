"""The static site as in production: generated files equal the served pages, and everything that they load exists."""

import gzip
import re
import subprocess
from pathlib import Path

import brotli
import pytest
from django.contrib.admin import site
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth.models import User
from django.contrib.staticfiles.finders import find
from django.core.management import CommandError, call_command
from django.test import override_settings

from config.site.static_files import SCRIPT
from tests.config.test_conventions import STATIC_SITE
from tests.paths import ROOT

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("static site")]

APP = "https://app.example.com"
HASHED_NAME = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture(scope="module")
def public(tmp_path_factory) -> Path:
    """Generate the static site over an older one, without a database. Return its directory."""
    directory = tmp_path_factory.mktemp("site")
    for name in ("index.html", "old.html", "static/config/icon.svg"):  # from an earlier version
        (directory / "public" / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / "public" / name).write_text("old")
    production = {"BACKEND": "config.site.static_files.HashedStaticFilesStorage"}
    default = {"BACKEND": "django.core.files.storage.InMemoryStorage", "OPTIONS": {}}
    with override_settings(
        APP_ORIGIN=APP, STATIC_ROOT=directory / "static", STORAGES={"default": default, "staticfiles": production}
    ):
        call_command("distill-local", directory / "public", quiet=True)
        yield directory / "public"


def pages(public: Path) -> dict[str, bytes]:
    """Return the contents of generated pages by their address."""
    files = [path for path in public.rglob("*") if path.is_file() and path.relative_to(public).parts[0] != "static"]
    contents = {f"/{path.relative_to(public)}".removesuffix("index.html"): path.read_bytes() for path in files}
    return {address: content for address, content in contents.items() if not address.endswith((".gz", ".br"))}


def test_generated_files_equal_the_pages_of_the_app(public, client):
    assert set(pages(public)) == STATIC_SITE
    for address, content in pages(public).items():
        response = client.get(address)
        assert response.content == content, address
        assert "Cookie" not in response.get("Vary", ""), address
        assert not response.cookies


def test_static_files_of_the_app_are_collected(public):
    collected = public.parent / "static"
    assert list((collected / "uploads").glob("upload-page.*.js"))
    assert (collected / "django_htmx/htmx-2.min.js").exists()


def test_styles_are_one_file_with_all_components(public):
    (styles,) = (public.parent / "static/config/css").glob("site.*.css")
    text = styles.read_text()
    assert "@import" not in text
    for name, layer in (("config/css/tokens.css", "tokens"), ("progress/progress-bar.css", "components")):
        assert f"@layer {layer} {{\n{Path(find(name)).read_text()}}}" in text


def test_minified_scripts_are_the_same_programs(public):
    collected = public.parent / "static"
    names = {str(path.relative_to(collected)) for path in collected.rglob("*.js") if not HASHED_NAME.search(path.name)}
    pairs = {name: (find(name), collected / name) for name in names if SCRIPT.fullmatch(name)}
    files = [file for pair in pairs.values() for file in pair]
    command = ["node", ROOT / "tests/node/compare_programs.mjs", *files]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    source, minified = pairs["uploads/sender.js"]
    assert len(minified.read_text()) < len(Path(source).read_text()) * 0.8


def test_scripts_of_the_admin_are_collected_in_their_minified_versions_only(public):
    collected = public.parent / "static"
    media = site.get_model_admin(User).media + AutocompleteSelect(User.groups.field, site).media
    scripts = re.findall(r'src="/static/([^"]+)"', "".join(media.render_js()))
    assert len(scripts) > 5
    for script in scripts:
        assert (collected / script).exists(), script
    assert not (collected / "admin/js/vendor/jquery/jquery.js").exists()


def test_compressed_files_have_the_same_content(public):
    compressed = [path for path in public.rglob("*") if path.suffix in (".gz", ".br")]
    assert {public / "dashboard/index.html.gz", public / "dashboard/index.html.br"} <= set(compressed)
    assert any("config/dashboard/dashboard." in str(path) for path in compressed)
    for path in compressed:
        decompress = {".gz": gzip.decompress, ".br": brotli.decompress}[path.suffix]
        assert decompress(path.read_bytes()) == path.with_suffix("").read_bytes(), path


def test_page_resources_exist_and_have_hashed_names(public):
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
        assert HASHED_NAME.search(path.name), path
        if path.suffix == ".js":
            imported = re.findall(r'\bimport[^;]*?"(\.[^"]+)"', path.read_text())
            todo |= {(path.parent / name).resolve() for name in imported} - seen
    assert {"tus", "job-watcher", "connection"} <= {path.name.partition(".")[0] for path in seen}


def test_urls_are_those_of_production(public):
    for address, content in pages(public).items():
        assert not re.search(rb"localhost|127\.0\.0\.1|testserver", content), address
    assert f"Sitemap: {APP}/sitemap.xml\n" in (public / "robots.txt").read_text()
    sitemap = re.findall("<loc>(.*)</loc>", (public / "sitemap.xml").read_text())
    assert set(sitemap) == {f"{APP}{url}" for url in STATIC_SITE if url == "/" or url.startswith("/guide/")}
    assert f'data-api="{APP}/api"' in (public / "dashboard/index.html").read_text()
    assert f'const api = "{APP}/api";' in (public / "guide/index.html").read_text().replace("&quot;", '"')


def test_content_security_policy_allows_the_api_and_nothing_inline(public):
    policy = re.search(r'Security-Policy" content="([^"]+)"', (public / "dashboard/index.html").read_text())[1]
    rules = dict(rule.split(" ", 1) for rule in policy.replace("&#x27;", "'").split("; "))
    assert rules["connect-src"] == rules["img-src"] == f"'self' {APP}"
    assert rules["default-src"] == "'self'"
    assert "unsafe" not in policy
    for address, content in pages(public).items():
        assert not re.search(rb'<script(?![^>]* src=)|<style|<[^>]* (style|on\w+)="', content), address


def test_404_page_equals_the_404_page_of_the_app(public, client):
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert response.content == (public / "404.html").read_bytes()


@pytest.mark.parametrize(("status", "text"), [(413, "larger than this site accepts"), (429, "too many requests")])
def test_error_pages_for_the_proxy_have_the_texts_of_the_app(public, status, text):
    assert text in (public / f"{status}.html").read_text()


def test_older_site_is_replaced_as_a_whole(public):
    assert not (public / "old.html").exists()
    assert sorted(path.name for path in public.parent.iterdir()) == ["public", "static"]


def test_directory_with_other_files_is_not_replaced(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(CommandError, match="choose another directory"):
        call_command("distill-local", tmp_path)
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_site_without_a_name_is_rejected(tmp_path, settings):
    settings.APP_ORIGIN = "https://"  # as with ALLOWED_HOSTS=*
    with pytest.raises(CommandError, match="ALLOWED_HOSTS"):
        call_command("distill-local", tmp_path / "public")
