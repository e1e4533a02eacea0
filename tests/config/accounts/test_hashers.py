"""Password hashing in worker threads, during which the process serves other requests."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test.client import MULTIPART_CONTENT

from config.accounts import hashers
from config.accounts.hashers import ThreadedPBKDF2PasswordHasher
from config.http.errors import ServerBusy
from tests.faults.web import Web, running_web
from tests.helpers import PASSWORD

LOGINS = 4
MIN_RESPONSES_PER_HASH = 5


@pytest.fixture
def under_gevent(monkeypatch):
    monkeypatch.setattr(hashers, "is_module_patched", lambda name: True)


def test_hashes_equal_those_of_django(under_gevent):
    ours, theirs = ThreadedPBKDF2PasswordHasher(), PBKDF2PasswordHasher()
    assert ours.encode(PASSWORD, "salt", 2) == theirs.encode(PASSWORD, "salt", 2)
    assert ours.verify(PASSWORD, theirs.encode(PASSWORD, "salt", 2))
    assert not ours.verify("wrong", theirs.encode(PASSWORD, "salt", 2))


def test_long_wait_for_hashing_raises_server_busy(under_gevent, monkeypatch):
    monkeypatch.setattr(hashers, "MAX_WAIT_SECONDS", 0)
    monkeypatch.setattr(hashers, "_slots", hashers.BoundedSemaphore(1))
    hashers._slots.acquire()
    with pytest.raises(ServerBusy):
        ThreadedPBKDF2PasswordHasher().encode(PASSWORD, "salt", 2)
    hashers._slots.release()
    assert ThreadedPBKDF2PasswordHasher().encode(PASSWORD, "salt", 2)
    assert hashers._slots.acquire(timeout=0)  # the slot is free again


@pytest.mark.parametrize("url", ["/accounts/login/", "/api/session/"])
def test_server_busy_returns_503(visitor, alice, monkeypatch, url):
    def fail(*args, **values):
        raise ServerBusy("Try again in a minute.")

    monkeypatch.setattr("django.contrib.auth.models.User.check_password", fail)
    type_ = "application/json" if url.startswith("/api/") else MULTIPART_CONTENT
    response = visitor.post(url, {"username": "alice", "password": PASSWORD}, content_type=type_)
    assert (response.status_code, response["Retry-After"]) == (503, "60")
    assert "Try again in a minute." in response.text


@pytest.mark.services
def test_process_serves_other_requests_while_it_hashes(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/headway.sqlite3"
    with running_web_with_tables(tmp_path, url) as web, ThreadPoolExecutor() as pool:
        logins = [pool.submit(log_in, web, f"user{number}") for number in range(LOGINS)]
        served = 0
        while not all(each.done() for each in logins):
            with urlopen(f"http://127.0.0.1:{web.port}/", timeout=60) as response:
                served += response.status == 200
        assert [each.result() for each in logins] == [200] * LOGINS
        assert served >= LOGINS * MIN_RESPONSES_PER_HASH  # a hash that blocks the process allows one at most


def running_web_with_tables(tmp_path: Path, database_url: str):
    site = Web(tmp_path, database_url)
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], env=site.environment, check=True)
    return running_web(tmp_path, database_url)


def log_in(web: Web, username: str) -> int:
    """Send a login attempt for an unknown user, for which Django hashes the password too. Return the status."""
    token = "a" * 32
    body = urlencode({"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token}).encode()
    request = Request(f"http://127.0.0.1:{web.port}/accounts/login/", body, {"Cookie": f"csrftoken={token}"})
    try:
        with urlopen(request, timeout=60) as response:
            return response.status
    except HTTPError as error:
        error.close()
        return error.code
