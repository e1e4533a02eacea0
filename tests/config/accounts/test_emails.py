"""Emails: both parts say the same and have the same links, and HTML in names is escaped."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils.html import strip_tags

from tests.helpers import PASSWORD

HOSTILE_NAME = "<img src=//evil.test/x.png>&"


@pytest.fixture
def hostile_user(db) -> User:
    """A user with a name that the sign-up form refuses, but `createuser` doesn't."""
    return User.objects.create_user(HOSTILE_NAME, "hostile@example.com", PASSWORD, first_name=f"{HOSTILE_NAME}!")


def send_password_reset(client, _user):
    client.post("/accounts/password_reset/", {"email": "hostile@example.com"})


def send_password_reset_for_two_accounts(client, user):
    User.objects.create_user("other", user.email, PASSWORD)
    send_password_reset(client, user)


def send_email_changed(client, user):
    client.force_login(user)
    form = {"section": "email", "email": "new@example.com", "current_password": PASSWORD}
    client.post("/accounts/settings/", form)


@pytest.mark.parametrize("send", [send_password_reset, send_password_reset_for_two_accounts, send_email_changed])
def test_html_part_has_the_sentences_and_links_of_the_text_part(visitor, hostile_user, send):
    send(visitor, hostile_user)
    (message,) = mail.outbox
    ((html, mimetype),) = message.alternatives
    assert mimetype == "text/html"
    assert f"<title>{message.subject}</title>" in html
    links = re.findall(r"http://\S+", message.body)
    assert links
    assert {unescape(link) for link in re.findall(r'href="(.*?)"', html)} == set(links)
    body = html.partition("<body>")[2]
    shown = " ".join(unescape(strip_tags(body)).split())
    for line in message.body.splitlines():
        sentences = " ".join(re.sub(r"http://\S+", "", line).split())
        assert sentences in shown
    assert HOSTILE_NAME in message.body


@pytest.mark.parametrize("send", [send_password_reset, send_password_reset_for_two_accounts, send_email_changed])
def test_html_part_escapes_names_and_requests_nothing(visitor, hostile_user, send):
    send(visitor, hostile_user)
    html = mail.outbox[0].alternatives[0].content
    assert "&lt;img src=//evil.test/x.png&gt;&amp;" in html
    assert not re.search(r"<img|<script|<link|url\(|@import", html)
