"""Streams and long polls end with the login that opened them."""

import time
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from progress.live.hub import THOROUGH_SECONDS, Hub
from progress.live.jobs import Jobs
from progress.live.sse import KEEPALIVE_SECONDS
from progress.models import Job, State
from tests.helpers import PASSWORD, make_job, make_login, problem

NEW_PASSWORD = "another correct horse battery"
STREAMS = {"jobs": "/api/progress/stream/?id={}", "todos": "/api/todos/stream/"}
POLLS = {"one": "/api/progress/{}/?after=1&wait=30", "several": "/api/progress/?id={}:1&wait=30"}


def log_out(client: Client) -> None:
    """Log out in another tab of the same browser."""
    browser = Client()
    browser.cookies = client.cookies
    assert browser.post("/accounts/logout/").status_code == 302


def change_password(client: Client) -> None:
    """Change the password on another device of the user."""
    device = Client()
    device.force_login(User.objects.get(username="alice"))
    form = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert device.post("/accounts/password_change/", form).status_code == 302


def deactivate(client: Client) -> None:
    User.objects.filter(username="alice").update(is_active=False)


def delete_user(client: Client) -> None:
    User.objects.get(username="alice").delete()


def expire(client: Client) -> None:
    Session.objects.update(expire_date=timezone.now())


ENDS = pytest.mark.parametrize("end", [log_out, change_password, deactivate, delete_user, expire])


@pytest.fixture
def job(alice) -> Job:
    return make_job(owner=alice, state=State.RUNNING)


@ENDS
@pytest.mark.parametrize("url", STREAMS.values(), ids=STREAMS)
def test_stream_ends_within_seconds_of_its_login(as_alice, job, during_waits, end: Callable, url):
    started_at = time.monotonic()
    response = as_alice.get(url.format(job.pk))
    during_waits.append(lambda: end(as_alice))
    b"".join(response)
    assert time.monotonic() - started_at < 2 * THOROUGH_SECONDS + KEEPALIVE_SECONDS
    assert as_alice.get(url.format(job.pk)).status_code == 401


@pytest.mark.parametrize("url", STREAMS.values(), ids=STREAMS)
def test_stream_survives_the_end_of_other_logins(as_alice, as_bob, job, during_waits, url):
    started_at = time.monotonic()
    response = as_alice.get(url.format(job.pk))
    during_waits.append(lambda: log_out(as_bob))
    b"".join(response)
    assert time.monotonic() - started_at == 600


@ENDS
@pytest.mark.parametrize("url", POLLS.values(), ids=POLLS)
def test_long_poll_returns_401_when_its_login_ends(as_alice, job, during_waits, monkeypatch, end: Callable, url):
    during_waits += [lambda: end(as_alice)]
    monkeypatch.setattr("progress.live.hub.THOROUGH_SECONDS", -1)
    problem(as_alice.get(url.format(job.pk)), 401)


@pytest.mark.usefixtures("during_waits")  # so that the hub's thread doesn't run
def test_logins_are_checked_by_two_queries(alice, bob, job, django_assert_num_queries):
    hub = Hub()
    watchers = [hub.watch(Jobs, [job.pk], make_login(user)) for user in (alice, bob) for _ in range(15)]
    Session.objects.filter(session_key=watchers[7].login.session_key).delete()
    with django_assert_num_queries(2):
        hub._check_logins()
    assert [watcher for watcher in watchers if watcher.login_ended] == [watchers[7]]
    for watcher in watchers:
        watcher.close()
