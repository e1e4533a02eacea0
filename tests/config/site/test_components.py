"""The page that shows all components."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import find

STYLES = Path(find("config/css/site.css")).read_text()
SHELL = {"shell", "due-menu", "side-panel"}
"""Components that need a page of their own: the frame of all pages, and what a script opens."""


def test_each_component_has_a_section(admin_client):
    page = admin_client.get("/components/").text
    shown = set(re.findall(r'<section id="([\w-]+)"', page))
    named = re.findall(r'@import url\(".*?([\w-]+)\.css"\) layer\(components\)', STYLES)
    assert shown == set(named) - SHELL - {"progress-tray"}


def test_fields_and_bars_have_all_their_states(admin_client):
    page = admin_client.get("/components/").text
    assert page.count('class="errorlist"') == 2
    assert set(re.findall(r'<progress-bar [^>]*state="(\w+)"', page)) == {
        *("queued", "running", "succeeded", "failed", "cancelled")
    }


@pytest.mark.parametrize(("debug", "status"), [(False, 404), (True, 200)])
def test_others_than_staff_see_the_components_in_development_only(as_alice, settings, debug, status):
    settings.DEBUG = debug
    assert as_alice.get("/components/").status_code == status
