"""The SQLite backend: lock waits, the query timeout, and both in a gevent process."""

import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.db import ConnectionHandler, OperationalError

from config.sqlite import base, query_timeout
from config.sqlite.query_timeout import QueryTimeout

PROCESS = """
from gevent import monkey; monkey.patch_all()
import sqlite3, sys
import gevent
from django.conf import settings
from django.db import OperationalError, connection, transaction

options = {"timeout": 60, "query_timeout": 60, "transaction_mode": "IMMEDIATE"}
database = {"ENGINE": "config.sqlite", "NAME": sys.argv[1], "OPTIONS": options}
settings.configure(DATABASES={"default": database}, USE_TZ=True)
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

def execute(sql):
    with connection.cursor() as cursor:
        return cursor.execute(sql).fetchall()

def counting(last):
    return ENDLESS.replace("FROM n)", f"FROM n WHERE i < {last})")

execute("PRAGMA journal_mode = WAL")
execute("CREATE TABLE note (text)")
other = sqlite3.connect(sys.argv[1], isolation_level=None)
switches = 0

def count_switches():
    global switches
    while True:
        switches += 1
        gevent.sleep(0)
"""

SWITCHES_DURING_A_QUERY = """
counter = gevent.spawn(count_switches)
assert execute(counting(1_000_000)) == [(1_000_000,)]
assert switches > 2, switches
"""

CONCURRENT_QUERIES = """
def work(number):
    for _ in range(3):
        assert execute(counting(50_000 + number)) == [(50_000 + number,)]
        with transaction.atomic():
            execute(f"INSERT INTO note VALUES ({number})")
            assert execute(counting(20_000)) == [(20_000,)]
    connection.close()

gevent.joinall([gevent.spawn(work, number) for number in range(10)], raise_error=True)
assert execute("SELECT count(*), count(DISTINCT text) FROM note") == [(30, 10)]
"""

LONG_QUERY = """
connection.settings_dict["OPTIONS"]["query_timeout"] = 0.1
connection.close()
for run in range(2):
    try:
        execute(ENDLESS)
    except OperationalError as error:
        assert error.__cause__.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT
    else:
        raise AssertionError("the query was not interrupted")
    assert execute("SELECT 1") == [(1,)]
"""

LOCK_IS_RELEASED = """
other.execute("BEGIN IMMEDIATE")

def release():
    while switches < 200:
        gevent.sleep(0)
    other.execute("COMMIT")

gevent.spawn(count_switches)
gevent.spawn(release)
with transaction.atomic():
    assert switches >= 200, switches
    execute("INSERT INTO note VALUES ('in a transaction')")
switches = 0
other.execute("BEGIN IMMEDIATE")
gevent.spawn(release)
execute("INSERT INTO note VALUES ('without a transaction')")
assert switches >= 200, switches
assert execute("SELECT count(*) FROM note") == [(2,)]
"""

LOCK_IS_KEPT = """
connection.settings_dict["OPTIONS"]["timeout"] = 0.1
connection.close()
other.execute("BEGIN IMMEDIATE")
try:
    execute("INSERT INTO note VALUES (1)")
except OperationalError as error:
    assert error.__cause__.sqlite_errorcode == sqlite3.SQLITE_BUSY
else:
    raise AssertionError("the row was inserted")
other.execute("ROLLBACK")
execute("INSERT INTO note VALUES (2)")
assert execute("SELECT text FROM note") == [(2,)]
"""


@pytest.mark.parametrize(
    "steps",
    [SWITCHES_DURING_A_QUERY, CONCURRENT_QUERIES, LONG_QUERY, LOCK_IS_RELEASED, LOCK_IS_KEPT],
    ids=["switches", "concurrent queries", "long query", "lock released", "lock kept"],
)
def test_event_loop_runs_during_queries_and_lock_waits(tmp_path, steps):
    command = [sys.executable, "-c", PROCESS + steps, str(tmp_path / "test.sqlite3")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def connect(db, tmp_path):
    """Yield a function that opens a connection with these options to a database of the test."""
    connections = []

    def open_connection(**options):
        database = {"ENGINE": "config.sqlite", "NAME": str(tmp_path / "test.sqlite3"), "OPTIONS": options}
        connections.append(ConnectionHandler({"default": database})["default"])
        return connections[-1]

    yield open_connection
    for connection in connections:
        connection.close()


def test_long_query_is_interrupted_and_the_next_one_runs(connect):
    with connect(query_timeout=0.05).cursor() as cursor:
        for _ in range(2):
            with pytest.raises(OperationalError) as raised:
                cursor.execute(ENDLESS).fetchall()
            assert raised.value.__cause__.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT
            assert cursor.execute("SELECT 1").fetchone() == (1,)


def test_wait_for_a_lock_ends_after_the_timeout(connect):
    with connect().cursor() as holder, connect(timeout=0.01).cursor() as cursor:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError) as raised:
            cursor.execute("CREATE TABLE note (text)")
        assert raised.value.__cause__.sqlite_errorcode == sqlite3.SQLITE_BUSY
        holder.execute("ROLLBACK")
        cursor.execute("CREATE TABLE note (text)")


def test_statement_runs_when_the_lock_is_released(connect, monkeypatch):
    with connect().cursor() as holder, connect(timeout=60).cursor() as cursor:
        holder.execute("BEGIN IMMEDIATE")
        pauses = []

        def pause(seconds):
            pauses.append(seconds)
            if len(pauses) == 8:
                holder.execute("ROLLBACK")

        monkeypatch.setattr(base, "time", SimpleNamespace(monotonic=lambda: 0, sleep=pause))
        cursor.execute("CREATE TABLE note (text)")
    assert len(pauses) == 8
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (base.MIN_PAUSE_SECONDS, base.MAX_PAUSE_SECONDS)


class FakeTime:
    """A clock on which other greenlets run for `switch_seconds` at each switch."""

    def __init__(self, switch_seconds: float) -> None:
        self.now = 0.0
        self.switch_seconds = switch_seconds
        self.switches = 0

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.switches += 1
        self.now += self.switch_seconds


class TestQueryTimeout:
    @pytest.fixture
    def clock(self, monkeypatch):
        clock = FakeTime(switch_seconds=5)
        monkeypatch.setattr(query_timeout, "time", clock)
        return clock

    def test_expires_without_the_time_of_other_greenlets(self, clock):
        timeout = QueryTimeout(1)
        timeout.start()
        for _ in range(9):
            clock.now += 0.1
            assert not timeout.has_expired()
        clock.now += 0.2
        assert timeout.has_expired()
        assert clock.switches == 10

    def test_switches_only_after_a_time_slice(self, clock):
        timeout = QueryTimeout(1)
        for _ in range(5):
            timeout.start()
            assert not timeout.has_expired()
        assert clock.switches == 0
        clock.now += 2 * query_timeout.TIME_SLICE_SECONDS
        timeout.start()
        assert clock.switches == 1
        assert not timeout.has_expired()
        assert clock.switches == 1

    def test_start_renews_the_time(self, clock):
        timeout = QueryTimeout(1)
        timeout.start()
        clock.now += 2
        timeout.start()
        assert not timeout.has_expired()
