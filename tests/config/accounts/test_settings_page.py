"""The settings page: its forms, preferences of users, and what preferences cost."""

import re

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.template import engines
from django.test import RequestFactory

from config.accounts.preferences import preferences, preferences_of
from config.models import Preferences
from tests.helpers import make_todo
from uploads.models import Upload
from uploads.receiving import transfers

URL = "/accounts/settings/"
APPEARANCE = {"section": "appearance", "theme": "dark"}


def save(client, **fields):
    response = client.post(URL, fields)
    assert (response.status_code, response["Location"]) == (302, f"{URL}#{fields['section']}")
    return client.get(URL).text


def chosen_theme(page: str) -> str:
    return re.search(r'name="theme" value="(\w*)"[^>]* checked', page)[1]


def test_name_is_shown_instead_of_the_username(as_alice, alice):
    assert '<p class="banner success" role="status">Name saved.</p>' in save(
        as_alice, section="name", first_name=" Ada Lovelace "
    )
    alice.refresh_from_db()
    assert alice.get_short_name() == "Ada Lovelace"
    assert 'value="Ada Lovelace"' in as_alice.get(URL).text


@pytest.mark.parametrize("name", ["x" * 151, "\u2063", "a\0b"])
def test_invalid_name_shows_an_error_and_is_not_saved(as_alice, alice, name):
    page = as_alice.post(URL, {"section": "name", "first_name": name})
    assert page.status_code == 200
    assert page.text.count('class="errorlist"') == 1
    assert 'aria-invalid="true"' in page.text
    alice.refresh_from_db()
    assert alice.first_name == ""


def test_appearance_is_saved_for_the_user_only(as_alice, as_bob, alice, bob):
    page = save(as_alice, **APPEARANCE)
    assert '<html lang="en" data-theme="dark">' in page
    assert chosen_theme(page) == "dark"
    saved = Preferences.objects.get()
    assert (saved.user, saved.theme, saved.shortcuts) == (alice, "dark", False)
    assert chosen_theme(as_bob.get(URL).text) == ""
    save(as_alice, section="appearance", theme="", shortcuts="on")
    saved.refresh_from_db()
    assert (saved.theme, saved.shortcuts) == ("", True)


def test_shortcuts_are_on_until_the_user_turns_them_off(as_alice, visitor):
    dialog = re.compile(r'<dialog class="dialog" id="shortcuts" [^>]*>')
    assert "data-on" in dialog.search(as_alice.get(URL).text)[0]
    assert "data-on" not in dialog.search(save(as_alice, section="appearance", theme=""))[0]
    assert not dialog.search(visitor.get("/accounts/login/").text)


def test_forms_change_only_their_own_preferences(as_alice, alice):
    save(as_alice, section="time_zone", time_zone="Europe/Berlin")
    save(as_alice, **APPEARANCE)
    save(as_alice, section="time_zone", time_zone="Asia/Tokyo")
    saved = Preferences.objects.get()
    assert (saved.theme, saved.time_zone) == ("dark", "Asia/Tokyo")


@pytest.mark.parametrize(
    "fields",
    [
        {"section": "appearance", "theme": "pink"},
        {"section": "time_zone", "time_zone": "Mars/Olympus"},
        {"section": "time_zone", "time_zone": "../../etc/passwd"},
        {"section": "nothing"},
        {},
    ],
)
def test_invalid_choice_is_not_saved(as_alice, fields):
    assert as_alice.post(URL, fields).status_code == 200
    assert not Preferences.objects.exists()


def test_detected_time_zone_is_the_default_choice(as_alice):
    as_alice.cookies["timezone"] = "Europe/Berlin"
    assert '<option value="" selected>Detected: Europe/Berlin</option>' in as_alice.get(URL).text
    as_alice.cookies["timezone"] = "Mars/Olympus"
    assert '<option value="" selected>Detected by your browser</option>' in as_alice.get(URL).text


def test_storage_counts_files_and_unfinished_uploads_and_names_the_trash(as_alice, alice, bob, settings):
    settings.USER_QUOTA_BYTES = 10_000
    for owner, size, deleted_at in ((alice, 1200, None), (alice, 3400, alice.date_joined), (bob, 5600, None)):
        Upload.objects.create(owner=owner, name="x", size=size, file="x", deleted_at=deleted_at)
    transfers.create(alice, length=800, name="half.txt", metadata="")
    page = as_alice.get(URL).text
    assert "2 kB of 10 kB used." in page
    assert '<meter class="usage" min="0" max="10000" high="9000" value="2000"' in page
    assert "800 B for unfinished uploads" in page
    assert "contains another 3.4 kB" in page


def test_storage_without_a_quota_has_no_meter(as_alice, settings):
    settings.USER_QUOTA_BYTES = 0
    page = as_alice.get(URL).text
    assert "0 B used. This site has no limit." in page
    assert "<meter" not in page


def render(request) -> str:
    template = engines["django"].from_string("[{{ preferences.theme }}] {{ preferences.shortcuts }}")
    return template.render({}, request)


class TestPreferences:
    def test_cost_no_query(self, as_alice, alice, django_assert_num_queries):
        make_todo(owner=alice)
        with django_assert_num_queries(4):  # session, user with preferences, to-dos, their files
            as_alice.get("/api/todos/")
        Preferences.objects.create(user=alice, theme="dark", time_zone="Asia/Tokyo")
        with django_assert_num_queries(4):
            as_alice.get("/api/todos/")

    def test_are_in_templates(self, as_alice, alice):
        request = as_alice.get(URL).wsgi_request
        assert render(request) == "[] True"
        Preferences.objects.create(user=alice, theme="dark", shortcuts=False)
        assert render(as_alice.get(URL).wsgi_request) == "[dark] False"

    def test_of_visitors_are_the_defaults(self, visitor):
        assert render(visitor.get("/accounts/login/").wsgi_request) == "[] True"

    def test_are_not_loaded_unless_used(self):
        assert preferences(RequestFactory().get("/"))  # a request without a user, as that of a generated page

    def test_of_a_session_of_version_0_1_are_loaded(self, as_alice, alice):
        """Its sessions name Django's backend."""
        session = Session.objects.get()
        data = session.get_decoded() | {BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend"}
        Session.objects.update(session_data=SessionStore().encode(data))
        Preferences.objects.create(user=alice, theme="dark")
        assert render(as_alice.get(URL).wsgi_request) == "[dark] True"

    def test_defaults_are_not_stored(self, alice):
        assert preferences_of(alice).shortcuts
        assert not Preferences.objects.exists()


def test_inactive_user_is_logged_out(as_alice, alice):
    alice.is_active = False
    alice.save()
    assert as_alice.get(URL).status_code == 302


def test_password_is_hashed_once_if_it_is_wrong(visitor, alice, monkeypatch):
    checks = []
    monkeypatch.setattr("django.contrib.auth.models.User.check_password", lambda user, password: checks.append(user))
    visitor.post("/accounts/login/", {"username": "alice", "password": "wrong"})
    assert checks == [alice]
