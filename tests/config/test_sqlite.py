"""The SQLite backend in a gevent process."""

import subprocess
import sys

import pytest

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
