"""Rate limits on password attempts."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessFailureLog
from axes.utils import reset
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from config.accounts import login_limits
from config.accounts.login_limits import PER_ACCOUNT, PER_ACCOUNT_AND_ADDRESS, PER_ADDRESS, client_network
from tests.helpers import PASSWORD, problem

NEW_PASSWORD = "another fine passphrase"


def log_in(password, username="alice", address="192.0.2.1", url="/accounts/login/"):
    fields = {"username": username, "password": password}
    return Client(REMOTE_ADDR=address).post(url, fields)


@pytest.fixture
def account_at_limit(alice):
    """Record as many failures, each from another address, as the account limit allows."""
    AccessFailureLog.objects.bulk_create(
        AccessFailureLog(username="alice", ip_address=f"198.51.100.{number}") for number in range(PER_ACCOUNT.failures)
    )


@pytest.mark.parametrize("url", ["/accounts/login/", "/admin/login/"])
@pytest.mark.parametrize("password", ["wrong", "x\ud800", "\0", "x" * 100_000, "ﬁ", "\u202e"])
def test_every_checked_password_is_recorded(admin_user, monkeypatch, url, password):
    checked = []
    monkeypatch.setattr(User, "check_password", lambda self, raw: checked.append(raw) or raw == PASSWORD)
    for _ in range(PER_ACCOUNT_AND_ADDRESS.failures + 2):
        response = log_in(password.encode(errors="replace").decode(), "admin", url=url)
        assert response.status_code in (200, 429)
    assert len(checked) == AccessFailureLog.objects.count() <= PER_ACCOUNT_AND_ADDRESS.failures


@pytest.mark.parametrize("name", ["x" * 151, "x" * 100_000, "a\0", "a" * 200 + "\u0301"])
@pytest.mark.parametrize("url", ["/accounts/login/", "/admin/login/"])
def test_invalid_username_is_rejected_and_not_recorded(visitor, name, url):
    response = visitor.post(url, {"username": name, "password": "x"})
    assert response.status_code == 200
    assert "errorlist" in response.text or "errornote" in response.text
    assert not AccessFailureLog.objects.exists()


def test_lockout_reset_by_concurrent_login_still_returns_429(alice, monkeypatch):
    """A concurrent login resets the limit after the attempt is rejected and before the response is rendered."""
    until = iter([timezone.now() + timedelta(minutes=15)])
    monkeypatch.setattr(login_limits, "_locked_until", lambda *args: next(until, None))
    response = log_in(PASSWORD)
    assert (response.status_code, response["Retry-After"]) == (429, "60")


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_password_is_not_checked_if_the_attempt_cannot_be_recorded(visitor, alice, monkeypatch, password):
    def fail(**values):
        raise DatabaseError("database or disk is full")

    monkeypatch.setattr(AccessFailureLog.objects, "create", fail)
    monkeypatch.setattr(User, "check_password", lambda self, raw: pytest.fail("the password was checked"))
    visitor.raise_request_exception = False
    assert visitor.post("/accounts/login/", {"username": "alice", "password": password}).status_code >= 500
    body = {"username": "alice", "password": password}
    assert visitor.post("/api/session/", body, content_type="application/json").status_code >= 500
    assert "_auth_user_id" not in visitor.session


def test_concurrent_attempts_are_checked_up_to_the_limit(visitor, alice, monkeypatch):
    """All attempts pass the first check before any of them is recorded."""
    monkeypatch.setattr(login_limits.Handler, "is_allowed", lambda *args: True)
    checked = []
    monkeypatch.setattr(User, "check_password", lambda self, raw: bool(checked.append(raw)))
    for _ in range(8):
        log_in("wrong")
    assert len(checked) == PER_ACCOUNT_AND_ADDRESS.failures == AccessFailureLog.objects.count()


def test_account_lockout_applies_to_new_addresses(alice, account_at_limit):
    response = log_in(PASSWORD)
    assert response.status_code == 429
    assert "Wait 24 hours" in response.text
    assert 86_000 < int(response["Retry-After"]) <= 86_400


def test_account_lockout_exempts_addresses_of_previous_logins(alice):
    assert log_in(PASSWORD).status_code == 302
    AccessFailureLog.objects.bulk_create(AccessFailureLog(username="alice") for _ in range(PER_ACCOUNT.failures))
    assert log_in(PASSWORD, address="192.0.2.2").status_code == 429
    assert log_in(PASSWORD).status_code == 302


def test_account_lockout_ends_after_a_day_or_a_reset(alice, account_at_limit):
    with time_machine.travel(timezone.now() + PER_ACCOUNT.window + timedelta(seconds=1)):
        assert log_in(PASSWORD).status_code == 302
    reset(username="alice")
    assert log_in(PASSWORD, address="192.0.2.3").status_code == 302


def test_address_is_locked_out_after_failures_for_many_accounts(alice):
    for number in range(PER_ADDRESS.failures):
        AccessFailureLog.objects.create(username=f"user{number}", ip_address="192.0.2.1")
    assert log_in(PASSWORD).status_code == 429
    assert log_in(PASSWORD, address="192.0.2.2").status_code == 302


def test_addresses_of_an_ipv6_network_share_a_limit(alice):
    for host in range(PER_ACCOUNT_AND_ADDRESS.failures):
        log_in("wrong", address=f"2001:db8:1:2:{host}::1")
    assert log_in(PASSWORD, address="2001:db8:1:2:ffff::1").status_code == 429
    assert log_in(PASSWORD, address="2001:db8:1:3::1").status_code == 302


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("nonsense", "0.0.0.0"),
        ("\0", "0.0.0.0"),
    ],
)
def test_client_network_of_an_address(rf, address, network):
    assert client_network(rf.get("/", REMOTE_ADDR=address)) == network


def test_successful_login_deletes_only_failures_for_that_account(alice, bob):
    for username in ("alice", "bob"):
        log_in("wrong", username)
    log_in(PASSWORD, "bob")
    assert [failure.username for failure in AccessFailureLog.objects.all()] == ["alice"]


def test_attempt_during_lockout_does_not_extend_lockout(alice):
    for _ in range(PER_ACCOUNT_AND_ADDRESS.failures):
        log_in("wrong")
    with time_machine.travel(timezone.now() + timedelta(minutes=14)):
        response = log_in("wrong")
        assert (response.status_code, response["Retry-After"]) == (429, "60")
        assert "Wait 1 minute and" in response.text
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert log_in(PASSWORD).status_code == 302


def test_api_session_has_the_same_limits(alice, account_at_limit):
    body = {"username": "alice", "password": PASSWORD}
    problem(Client().post("/api/session/", body, content_type="application/json"), 429)


class TestPasswordChange:
    @pytest.mark.parametrize("url", ["/accounts/password_change/", "/admin/password_change/"])
    def test_old_password_can_be_tried_five_times(self, as_admin, url):
        wrong = {"old_password": "wrong", "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
        for _ in range(5):
            assert as_admin.post(url, wrong).status_code == 200
        for old in ("wrong", PASSWORD):
            response = as_admin.post(url, wrong | {"old_password": old})
            assert (response.status_code, response["Retry-After"]) == (429, "900")
        with time_machine.travel(timezone.now() + timedelta(minutes=16)):
            assert as_admin.post(url, wrong | {"old_password": PASSWORD}).status_code == 302

    def test_correct_old_password_is_not_recorded(self, as_alice):
        for _ in range(6):
            fields = {"old_password": PASSWORD, "new_password1": "x", "new_password2": "y"}
            assert as_alice.post("/accounts/password_change/", fields).status_code == 200
        assert not AccessFailureLog.objects.exists()

    def test_failures_do_not_lock_out_login(self, as_alice, alice):
        for _ in range(5):
            as_alice.post("/accounts/password_change/", {"old_password": "wrong"})
        assert log_in(PASSWORD).status_code == 302
