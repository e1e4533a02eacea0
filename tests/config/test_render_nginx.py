"""The limits of nginx, gunicorn and systemd, which must allow as many streams as Headway does."""

import re
import runpy

import pytest
from django.conf import settings

from tests.paths import ROOT

DEBIAN = """user www-data;
worker_processes auto;
include /etc/nginx/modules-enabled/*.conf;

events {
	worker_connections 768;
	# multi_accept on;
}

http {
	include /etc/nginx/conf.d/*.conf;
}
"""


@pytest.fixture(scope="module")
def renderer() -> dict:
    return runpy.run_path(str(ROOT / "deploy" / "render_nginx.py"))


def limits(text: str) -> dict[str, list[int]]:
    """Return the values of each directive."""
    return {
        name: [int(value) for value in re.findall(rf"^\s*{name} (\d+);", text, re.MULTILINE)]
        for name in ("worker_connections", "worker_rlimit_nofile")
    }


def test_limits_of_debian_are_raised_and_the_rest_is_kept(renderer):
    text = renderer["raise_limits"](DEBIAN, 14096)
    assert limits(text) == {"worker_connections": [14096], "worker_rlimit_nofile": [28192]}
    assert text.replace("worker_rlimit_nofile 28192;\n\n", "").replace("14096", "768") == DEBIAN
    assert renderer["raise_limits"](text, 14096) == text


def test_higher_limits_are_kept(renderer):
    text = "worker_rlimit_nofile 100000;\n" + DEBIAN.replace("768", "50000")
    assert renderer["raise_limits"](text, 14096) == text


def test_missing_limits_are_inserted(renderer):
    text = renderer["raise_limits"]("events {}\nhttp {}\n", 14096)
    assert text == "worker_rlimit_nofile 28192;\n\nevents {\n    worker_connections 14096;\n}\nhttp {}\n"


def test_configuration_without_events_is_rejected(renderer):
    with pytest.raises(SystemExit, match="no events block"):
        renderer["raise_limits"]("include everything.conf;\n", 14096)


def test_nginx_process_can_serve_all_streams_of_all_web_processes(renderer, monkeypatch):
    before = renderer["worker_connections"]()
    monkeypatch.setattr(renderer["environment"], "WEB_CONCURRENCY", renderer["environment"].WEB_CONCURRENCY + 3)
    assert renderer["worker_connections"]() - before == 3 * 2 * settings.PROGRESS_MAX_WATCHERS


def test_gunicorn_and_its_unit_allow_a_connection_for_each_stream():
    gunicorn = (ROOT / "deploy" / "gunicorn.conf.py").read_text()
    unit = (ROOT / "deploy" / "systemd" / "headway.service").read_text()
    connections = int(re.search(r"^worker_connections = (\d+)", gunicorn, re.MULTILINE)[1])
    files = int(re.search(r"^LimitNOFILE=(\d+)", unit, re.MULTILINE)[1])
    assert settings.PROGRESS_MAX_WATCHERS < connections < files / 2
