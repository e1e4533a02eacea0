"""Change of the email address on the settings page, and the notice to the former address."""

import smtplib
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.utils import timezone

from tests.helpers import PASSWORD

URL = "/accounts/settings/"


def change(client, email, password=PASSWORD):
    return client.post(URL, {"section": "email", "email": email, "current_password": password})


def email_of(user) -> str:
    user.refresh_from_db()
    return user.email


def test_address_is_changed_and_the_former_one_is_notified(as_alice, alice):
    assert 'value="alice@example.com"' in as_alice.get(URL).text
    assert change(as_alice, "new@example.com")["Location"] == f"{URL}#email"
    assert email_of(alice) == "new@example.com"
    (notice,) = mail.outbox
    assert notice.to == ["alice@example.com"]
    assert notice.subject == "Your email address at testserver has changed"
    assert "your account alice at testserver" in notice.body
    assert "http://testserver/accounts/password_change/" in notice.body
    assert "new@example.com" not in notice.body
    assert "Email address saved." in as_alice.get(URL).text


def test_change_makes_links_of_earlier_password_resets_invalid(as_alice, alice):
    token = default_token_generator.make_token(alice)
    change(as_alice, "new@example.com")
    alice.refresh_from_db()
    assert not default_token_generator.check_token(alice, token)


@pytest.mark.parametrize("password", ["wrong", ""])
def test_change_needs_the_current_password(as_alice, alice, password):
    page = change(as_alice, "thief@example.com", password)
    assert page.status_code == 200
    assert page.text.count('class="errorlist"') == 1
    assert email_of(alice) == "alice@example.com"
    assert mail.outbox == []


def test_password_attempts_are_limited(as_alice, alice):
    for _ in range(5):
        change(as_alice, "thief@example.com", "wrong")
    assert change(as_alice, "thief@example.com").status_code == 429
    assert email_of(alice) == "alice@example.com"


@pytest.mark.parametrize("email", ["nonsense", "a@b", "x" * 250 + "@example.com", "a\0@example.com", "a@b.test\nc"])
def test_invalid_address_shows_an_error_and_is_not_saved(as_alice, alice, email):
    page = change(as_alice, email)
    assert page.status_code == 200
    assert 'class="errorlist"' in page.text
    assert email_of(alice) == "alice@example.com"


def test_address_can_be_removed_and_added_again(as_alice, alice):
    change(as_alice, "")
    assert email_of(alice) == ""
    change(as_alice, "again@example.com")
    assert email_of(alice) == "again@example.com"
    assert [notice.to for notice in mail.outbox] == [["alice@example.com"]]


def test_unchanged_address_sends_no_notice(as_alice):
    assert change(as_alice, "alice@example.com").status_code == 302
    assert mail.outbox == []


def test_notices_of_an_account_to_an_address_are_limited_to_one_an_hour(as_alice, as_bob, alice, bob):
    for client in (as_alice, as_bob):
        for email in ("victim@example.com", "other@example.com", "Victim@example.com", "third@example.com"):
            change(client, email)
    assert sum(notice.to[0].lower() == "victim@example.com" for notice in mail.outbox) == 2
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        change(as_alice, "victim@example.com")
        change(as_alice, "other@example.com")
    assert sum(notice.to[0].lower() == "victim@example.com" for notice in mail.outbox) == 3


def test_address_is_changed_even_if_the_notice_cannot_be_sent(as_alice, alice, monkeypatch, caplog):
    def fail(*args, **options):
        raise smtplib.SMTPServerDisconnected("down")

    monkeypatch.setattr("config.accounts.email_change.send_mail", fail)
    assert change(as_alice, "new@example.com").status_code == 302
    assert email_of(alice) == "new@example.com"
    assert "could not be sent" in caplog.text
