"""The account pages: sign-up, login, logout, password changes and resets, and rate limits on attempts."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from tests.helpers import PASSWORD

NEW_PASSWORD = "another fine passphrase"


def log_in(client, password, username="alice"):
    return client.post("/accounts/login/", {"username": username, "password": password})


def test_sign_up_logs_in(visitor):
    fields = {"username": "carol", "password1": PASSWORD, "password2": PASSWORD}
    response = visitor.post("/accounts/signup/", fields)
    assert (response.status_code, response["Location"]) == (302, "/todos/")
    assert visitor.get("/todos/").status_code == 200
    assert User.objects.get().username == "carol"


def test_sign_up_stores_the_optional_email_address(visitor):
    fields = {"username": "carol", "email": "carol@example.com", "password1": PASSWORD, "password2": PASSWORD}
    visitor.post("/accounts/signup/", fields)
    assert User.objects.get().email == "carol@example.com"


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "alice", "password1": PASSWORD, "password2": PASSWORD},
        {"username": "carol", "password1": PASSWORD, "password2": NEW_PASSWORD},
        {"username": "carol", "password1": "12345678", "password2": "12345678"},
        {"username": "", "password1": PASSWORD, "password2": PASSWORD},
        {"username": "carol\0", "password1": PASSWORD, "password2": PASSWORD},
    ],
)
def test_invalid_sign_up_creates_no_account_and_shows_errors(visitor, alice, fields):
    assert "errorlist" in visitor.post("/accounts/signup/", fields).text
    assert User.objects.count() == 1


def test_sign_up_can_be_closed(visitor, settings):
    settings.SIGNUP_OPEN = False
    for response in (visitor.get("/accounts/signup/"), visitor.post("/accounts/signup/", {"username": "carol"})):
        assert response.status_code == 403
        assert "Sign-up is closed" in response.text
    assert not User.objects.exists()
    for url in ("/", "/accounts/login/"):
        assert "/accounts/signup/" not in visitor.get(url).text


def test_login_and_logout(visitor, alice):
    assert "/accounts/signup/" in visitor.get("/accounts/login/").text
    assert log_in(visitor, PASSWORD)["Location"] == "/todos/"
    assert "alice" in visitor.get("/todos/").text
    assert visitor.get("/accounts/logout/").status_code == 405
    assert visitor.post("/accounts/logout/")["Location"] == "/"
    assert visitor.get("/todos/")["Location"] == "/accounts/login/?next=/todos/"


def test_failed_login_says_what_to_check(visitor, alice):
    assert "Incorrect username or password. Check both and try again." in log_in(visitor, "wrong").text


def test_login_redirects_only_to_pages_of_this_site(visitor, alice):
    credentials = {"username": "alice", "password": PASSWORD}
    assert visitor.post("/accounts/login/", credentials | {"next": "/uploads/"})["Location"] == "/uploads/"
    visitor.post("/accounts/logout/")
    assert visitor.post("/accounts/login/", credentials | {"next": "https://evil.test/"})["Location"] == "/todos/"


def test_fifth_failed_login_returns_429_with_the_waiting_time(visitor, alice):
    for _ in range(4):
        assert log_in(visitor, "wrong").status_code == 200
    locked = log_in(visitor, "wrong")
    assert locked.status_code == 429
    assert locked["Retry-After"] == "900"
    assert "Wait 15 minutes" in locked.text
    assert log_in(visitor, PASSWORD).status_code == 429
    assert "_auth_user_id" not in visitor.session


def test_limit_applies_to_one_account(visitor, alice, bob):
    for _ in range(5):
        log_in(visitor, "wrong")
    assert log_in(visitor, PASSWORD, "bob").status_code == 302


def test_limit_ends_after_15_minutes(visitor, alice):
    for _ in range(5):
        log_in(visitor, "wrong")
    with time_machine.travel(timezone.now() + timedelta(minutes=14)):
        assert log_in(visitor, PASSWORD).status_code == 429
    with time_machine.travel(timezone.now() + timedelta(minutes=30)):
        assert log_in(visitor, PASSWORD).status_code == 302


def test_successful_login_resets_the_count(visitor, alice):
    for _ in range(2):
        for _ in range(4):
            log_in(visitor, "wrong")
        assert log_in(visitor, PASSWORD).status_code == 302
        visitor.post("/accounts/logout/")


def test_password_change_keeps_the_user_logged_in(as_alice, alice):
    fields = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert "Change password" in as_alice.get("/accounts/password_change/").text
    assert "still logged in" in as_alice.post("/accounts/password_change/", fields, follow=True).text
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)
    assert as_alice.get("/todos/").status_code == 200


def test_password_reset_by_email(visitor, alice):
    assert visitor.get("/accounts/password_reset/").status_code == 200
    visitor.post("/accounts/password_reset/", {"email": "alice@example.com"})
    link = re.search(r"http://testserver(/accounts/reset/\S+)", mail.outbox[0].body)[1]
    form = visitor.get(link, follow=True)
    assert "Choose a new password" in form.text
    url = form.redirect_chain[-1][0]
    done = visitor.post(url, {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}, follow=True)
    assert "Log in" in done.text
    assert log_in(visitor, NEW_PASSWORD).status_code == 302
    assert "has been used" in visitor.get(link, follow=True).text


def test_password_reset_lifts_the_limit(visitor, alice):
    for _ in range(5):
        log_in(visitor, "wrong")
    visitor.post("/accounts/password_reset/", {"email": "alice@example.com"})
    link = re.search(r"http://testserver(/accounts/reset/\S+)", mail.outbox[0].body)[1]
    url = visitor.get(link, follow=True).redirect_chain[-1][0]
    visitor.post(url, {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD})
    assert log_in(visitor, NEW_PASSWORD).status_code == 302


def test_limit_applies_to_one_address_behind_the_proxy(visitor, alice):
    credentials = {"username": "alice", "password": "wrong"}
    for _ in range(5):
        visitor.post("/accounts/login/", credentials, headers={"X-Forwarded-For": "10.0.0.1"})
    valid = credentials | {"password": PASSWORD}
    assert visitor.post("/accounts/login/", valid, headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 429
    assert visitor.post("/accounts/login/", valid, headers={"X-Forwarded-For": "10.0.0.2"}).status_code == 302


def test_limit_applies_to_requests_through_a_unix_socket(visitor, alice):
    for _ in range(5):
        visitor.post("/accounts/login/", {"username": "alice", "password": "wrong"}, REMOTE_ADDR="")
    valid = {"username": "alice", "password": PASSWORD}
    assert visitor.post("/accounts/login/", valid, REMOTE_ADDR="").status_code == 429


def test_password_reset_does_not_reveal_whether_an_account_exists(visitor):
    response = visitor.post("/accounts/password_reset/", {"email": "nobody@example.com"}, follow=True)
    assert "If this address belongs to an account" in response.text
    assert mail.outbox == []


def test_login_page_redirects_logged_in_users_to_their_list(as_alice):
    response = as_alice.get("/accounts/login/")
    assert (response.status_code, response["Location"]) == (302, "/todos/")


def reset_password(client, email):
    assert client.post("/accounts/password_reset/", {"email": email}).status_code == 302


class TestPasswordResetMail:
    def test_has_a_link_for_each_account_with_the_address(self, visitor, alice):
        for number in range(14):
            User.objects.create_user(f"alice{number}", "alice@example.com", PASSWORD)
        reset_password(visitor, "alice@example.com")
        (sent,) = mail.outbox
        assert sent.to == ["alice@example.com"]
        links = re.findall(r"http://testserver/accounts/reset/\S+", sent.body)
        assert len(links) == 15
        for link, username in ((links[0], "alice"), (links[-1], "alice13")):
            assert f"{username}:\n{link}" in sent.body
            url = visitor.get(link.removeprefix("http://testserver"), follow=True).redirect_chain[-1][0]
            visitor.post(url, {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD})
            assert log_in(visitor, NEW_PASSWORD, username).status_code == 302
            visitor.post("/accounts/logout/")

    def test_is_sent_at_most_once_an_hour_per_address(self, visitor, alice, bob):
        for email in ("alice@example.com", "ALICE@example.com", "bob@example.com", "alice@example.com"):
            reset_password(visitor, email)
        assert [sent.to for sent in mail.outbox] == [["alice@example.com"], ["bob@example.com"]]
        with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
            reset_password(visitor, "alice@example.com")
        assert len(mail.outbox) == 3

    def test_has_only_links_of_accounts_with_the_same_spelling_of_the_address(self, visitor, alice):
        User.objects.create_user("other", "Alice@example.com", PASSWORD)
        reset_password(visitor, "Alice@example.com")
        (sent,) = mail.outbox
        assert sent.to == ["Alice@example.com"]
        assert "password of other at" in sent.body
        assert sent.body.count("/accounts/reset/") == 1

    def test_link_expires_after_an_hour(self, visitor, alice):
        reset_password(visitor, "alice@example.com")
        link = re.search(r"http://testserver(/accounts/reset/\S+)", mail.outbox[0].body)[1]
        assert "expires after an hour" in mail.outbox[0].body
        with time_machine.travel(timezone.now() + timedelta(minutes=59)):
            assert "Choose a new password" in visitor.get(link, follow=True).text
            assert "has expired" not in visitor.get(link, follow=True).text
        with time_machine.travel(timezone.now() + timedelta(minutes=61)):
            assert "has expired" in visitor.get(link, follow=True).text
