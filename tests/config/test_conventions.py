"""Conventions of the whole project: access to URLs, pinned packages, files at the top, docstrings of modules."""

import re
import tomllib
from importlib import metadata

import pytest
from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, get_resolver
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.helpers import file, make_job, make_todo
from tests.paths import ROOT
from uploads.receiving import ingest, transfers

OLDEST_PYTHON = {"python_version": "3.11", "python_full_version": "3.11.0"}  # which needs the most backports
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

STATIC_SITE = {
    "/",
    "/guide/",
    "/guide/architecture/",
    "/guide/cors/",
    "/guide/server/",
    "/guide/tasks/",
    "/dashboard/",
    "/404.html",
    "/413.html",
    "/429.html",
    "/50x.html",
    "/robots.txt",
    "/sitemap.xml",
}
PUBLIC = {
    *STATIC_SITE,
    "/favicon.ico",
    "/healthz/",
    "/api/session/",
    "/accounts/signup/",
    "/accounts/login/",
    "/accounts/deleted/",
}
PUBLIC |= {"/metrics"}  # for the addresses in METRICS_ALLOW
"""URLs that don't require a login, besides those of password resets."""


def patterns(resolver=None, prefix="/"):
    """Yield all routes of the URLconf."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


OURS = sorted(route for route in patterns() if not route.startswith("/admin/"))


def test_routes_are_found():
    assert len(OURS) > 20


@pytest.mark.parametrize("route", OURS)
def test_url_requires_login_unless_it_is_public(visitor, alice, route):
    url = fill(route, alice)
    response = visitor.get(url)
    if route in PUBLIC or "reset" in route:
        assert response.status_code in (200, 302, 503)
        assert "/accounts/login/?next=" not in response.get("Location", "")
    elif route.startswith("/api/"):
        assert response.status_code == 401
        assert response["Content-Type"] == "application/problem+json"
    elif route == "/accounts/logout/":
        assert response.status_code in (302, 405)
    else:
        assert response["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("route", [route for route in OURS if "<" in route and "reset" not in route])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_url_of_another_users_object_returns_404(as_bob, alice, route, method):
    response = getattr(as_bob, method)(fill(route, alice), HTTP_TUS_RESUMABLE="1.0.0")
    assert response.status_code in (404, 405)
    if route.startswith("/api/"):
        assert response["Content-Type"] == "application/problem+json"
    owned = (alice.todos, alice.uploads, alice.transfers, alice.jobs)
    assert [things.count() for things in owned] in ([1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1])


def fill(route: str, owner: User) -> str:
    """Return the URL of this route for an object of the owner."""
    makers = {
        "todo_id": lambda: make_todo(owner=owner).pk,
        "upload_id": lambda: ingest.create_upload(owner, file()).pk,
        "transfer_id": lambda: transfers.create(owner, length=5, name="half.txt", metadata="").pk,
        "job_id": lambda: make_job(owner=owner).pk,
        "page": lambda: 1,
        "width": lambda: 320,
        "uidb64": lambda: "x",
        "token": lambda: "x",
    }
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(makers[match[1]]()), route)


def pins(path: str) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9.-]+)==(\S+)(.*(?:\n .*)*)", (ROOT / path).read_text(), re.MULTILINE)
    assert all("--hash=sha256:" in rest for _, _, rest in found)
    return {canonicalize_name(name): version for name, version, _ in found}


def needed(requirements: list[str]) -> set[str]:
    """Return the names of these requirements and of all their dependencies, from installed metadata."""
    names: set[str] = set()
    todo = [(Requirement(text), "") for text in requirements]
    while todo:
        requirement, extra = todo.pop()
        if requirement.marker and not requirement.marker.evaluate(OLDEST_PYTHON | {"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in ("", *requirement.extras):
            if (key := f"{name}[{wanted}]") not in names:
                names.add(key)
                todo += [(Requirement(text), wanted) for text in metadata.requires(name) or ()]
    return {name.partition("[")[0] for name in names}


@pytest.mark.parametrize(
    ("path", "direct"),
    [
        ("requirements.txt", PYPROJECT["project"]["dependencies"]),
        ("tests/requirements.txt", PYPROJECT["dependency-groups"]["dev"]),
    ],
)
def test_pins_match_pyproject(path, direct):
    pinned = pins(path)
    for requirement in map(Requirement, direct):
        version = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{path}: {requirement} is pinned to {version}"
    assert needed(direct) <= set(pinned), "run `make requirements`"
    assert set(pinned) <= needed(direct), "run `make requirements`"


def test_requirements_files_pin_the_same_versions():
    app, dev = pins("requirements.txt"), pins("tests/requirements.txt")
    assert {name: dev[name] for name in app.keys() & dev.keys()} == {
        name: app[name] for name in app.keys() & dev.keys()
    }


def test_installed_versions_are_pinned():
    for name, version in (pins("requirements.txt") | pins("tests/requirements.txt")).items():
        assert metadata.version(name) == version


def test_dependency_has_a_reason():
    for line in re.findall(r'^    "[a-z].*>=.*$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE):
        assert re.search(r'",\s+# [\w`]+', line), line


def test_top_directory_has_no_other_files():
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert visible - {"var", "public", "test-results"} == {
        *("manage.py", "config", "todos", "uploads", "progress", "templates", "deploy", "tests"),
        *("requirements.txt", "README.md", "Makefile", "pyproject.toml", "CHANGELOG.md", "LICENSE"),
    }


def test_module_has_a_docstring():
    for package in ("config", "todos", "uploads", "progress", "deploy", "tests"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text()
            if text.strip() and not {"migrations", "node_modules"} & set(path.parts):
                assert text.startswith(('"""', "#!")), path
