"""Every guess at a password is counted, and the counts have limits."""

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

NEW = "another fine passphrase"


def log_in(password, username="alice", address="192.0.2.1", url="/accounts/login/"):
    fields = {"username": username, "password": password}
    return Client(REMOTE_ADDR=address).post(url, fields)


@pytest.fixture
def botnet(alice):
    """The account has had as many wrong guesses as it may have, from many addresses."""
    AccessFailureLog.objects.bulk_create(
        AccessFailureLog(username="alice", ip_address=f"198.51.100.{number}") for number in range(PER_ACCOUNT.failures)
    )


@pytest.mark.parametrize("url", ["/accounts/login/", "/admin/login/"])
@pytest.mark.parametrize("password", ["wrong", "x\ud800", "\0", "x" * 100_000, "ﬁ", "\u202e"])
def test_each_wrong_password_counts_or_is_not_checked(admin_user, monkeypatch, url, password):
    checked = []
    monkeypatch.setattr(User, "check_password", lambda self, raw: checked.append(raw) or raw == PASSWORD)
    for _ in range(PER_ACCOUNT_AND_ADDRESS.failures + 2):
        response = log_in(password.encode(errors="replace").decode(), "admin", url=url)
        assert response.status_code in (200, 429)
    assert len(checked) == AccessFailureLog.objects.count() <= PER_ACCOUNT_AND_ADDRESS.failures


@pytest.mark.parametrize("name", ["x" * 151, "x" * 100_000, "a\0", "a" * 200 + "\u0301"])
@pytest.mark.parametrize("url", ["/accounts/login/", "/admin/login/"])
def test_name_that_no_account_can_have_is_invalid(visitor, name, url):
    response = visitor.post(url, {"username": name, "password": "x"})
    assert response.status_code == 200
    assert "errorlist" in response.text or "errornote" in response.text
    assert not AccessFailureLog.objects.exists()


def test_limit_that_a_concurrent_log_in_empties_answers_429(alice, monkeypatch):
    """The limit is filled when the guess is refused, and no longer when the answer says until when."""
    until = iter([timezone.now() + timedelta(minutes=15)])
    monkeypatch.setattr(login_limits, "_locked_until", lambda *given: next(until, None))
    answer = log_in(PASSWORD)
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_password_is_not_checked_when_the_guess_cannot_be_recorded(visitor, alice, monkeypatch, password):
    def fail(**values):
        raise DatabaseError("database or disk is full")

    monkeypatch.setattr(AccessFailureLog.objects, "create", fail)
    monkeypatch.setattr(User, "check_password", lambda self, raw: pytest.fail("the password was checked"))
    visitor.raise_request_exception = False
    assert visitor.post("/accounts/login/", {"username": "alice", "password": password}).status_code >= 500
    body = {"username": "alice", "password": password}
    assert visitor.post("/api/session/", body, content_type="application/json").status_code >= 500
    assert "_auth_user_id" not in visitor.session


def test_guesses_sent_at_the_same_time_are_not_all_checked(visitor, alice, monkeypatch):
    """All of them have passed the first check before the first is recorded."""
    monkeypatch.setattr(login_limits.Handler, "is_allowed", lambda *args: True)
    checked = []
    monkeypatch.setattr(User, "check_password", lambda self, raw: bool(checked.append(raw)))
    for _ in range(8):
        log_in("wrong")
    assert len(checked) == PER_ACCOUNT_AND_ADDRESS.failures == AccessFailureLog.objects.count()


def test_account_is_locked_for_strange_addresses_only(alice, botnet):
    locked = log_in(PASSWORD)
    assert locked.status_code == 429
    assert "Wait 24 hours" in locked.text
    assert 86_000 < int(locked["Retry-After"]) <= 86_400


def test_owner_can_log_in_from_where_they_did_before(alice):
    assert log_in(PASSWORD).status_code == 302
    AccessFailureLog.objects.bulk_create(AccessFailureLog(username="alice") for _ in range(PER_ACCOUNT.failures))
    assert log_in(PASSWORD, address="192.0.2.2").status_code == 429
    assert log_in(PASSWORD).status_code == 302


def test_account_lock_ends_after_a_day_or_a_reset(alice, botnet):
    with time_machine.travel(timezone.now() + PER_ACCOUNT.window + timedelta(seconds=1)):
        assert log_in(PASSWORD).status_code == 302
    reset(username="alice")
    assert log_in(PASSWORD, address="192.0.2.3").status_code == 302


def test_one_address_cannot_try_all_accounts(alice):
    for number in range(PER_ADDRESS.failures):
        AccessFailureLog.objects.create(username=f"user{number}", ip_address="192.0.2.1")
    assert log_in(PASSWORD).status_code == 429
    assert log_in(PASSWORD, address="192.0.2.2").status_code == 302


def test_addresses_of_one_ipv6_network_count_as_one(alice):
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
def test_client_network(rf, address, network):
    assert client_network(rf.get("/", REMOTE_ADDR=address)) == network


def test_success_forgets_only_the_own_failures(alice, bob):
    for username in ("alice", "bob"):
        log_in("wrong", username)
    log_in(PASSWORD, "bob")
    assert [failure.username for failure in AccessFailureLog.objects.all()] == ["alice"]


def test_refused_guess_does_not_prolong_the_lock(alice):
    for _ in range(PER_ACCOUNT_AND_ADDRESS.failures):
        log_in("wrong")
    with time_machine.travel(timezone.now() + timedelta(minutes=14)):
        locked = log_in("wrong")
        assert (locked.status_code, locked["Retry-After"]) == (429, "60")
        assert "Wait 1 minute and" in locked.text
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert log_in(PASSWORD).status_code == 302


def test_api_session_has_the_same_limits(alice, botnet):
    body = {"username": "alice", "password": PASSWORD}
    problem(Client().post("/api/session/", body, content_type="application/json"), 429)


class TestPasswordChange:
    @pytest.mark.parametrize("url", ["/accounts/password_change/", "/admin/password_change/"])
    def test_old_password_can_be_tried_five_times(self, as_admin, url):
        wrong = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
        for _ in range(5):
            assert as_admin.post(url, wrong).status_code == 200
        for old in ("wrong", PASSWORD):
            locked = as_admin.post(url, wrong | {"old_password": old})
            assert (locked.status_code, locked["Retry-After"]) == (429, "900")
        with time_machine.travel(timezone.now() + timedelta(minutes=16)):
            assert as_admin.post(url, wrong | {"old_password": PASSWORD}).status_code == 302

    def test_right_old_password_does_not_count(self, as_alice):
        for _ in range(6):
            fields = {"old_password": PASSWORD, "new_password1": "x", "new_password2": "y"}
            assert as_alice.post("/accounts/password_change/", fields).status_code == 200
        assert not AccessFailureLog.objects.exists()

    def test_guesses_do_not_lock_the_owner_out(self, as_alice, alice):
        for _ in range(5):
            as_alice.post("/accounts/password_change/", {"old_password": "wrong"})
        assert log_in(PASSWORD).status_code == 302
