"""Unfinished uploads while servers are killed or frozen, disks are full, or several clients send the same file."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import freeze, kill, wait_until
from tests.faults.conftest import new_database, using_database
from tests.faults.web import MEGABYTE, OCTETS, Visitor, Web, make_user, read_response, running_web
from uploads.models import Upload
from uploads.receiving.body import STALL_SECONDS


def grouped(database: str):
    """Return a fixture's parameter whose tests run in one process, so that they can share servers."""
    return pytest.param(database, marks=pytest.mark.xdist_group(f"unfinished uploads on {database}"))


@pytest.fixture(scope="module", params=[grouped("sqlite"), grouped("postgresql")])
def web(request, tmp_path_factory, django_db_blocker) -> Iterator[Web]:
    """One server for all tests that don't need other settings. A test that kills it restarts it."""
    state_dir = tmp_path_factory.mktemp("web")
    database_url = new_database(request, state_dir)
    with django_db_blocker.unblock(), using_database(database_url), running_web(state_dir, database_url) as web:
        yield web


@pytest.fixture(scope="module")
def another_web(web) -> Iterator[Web]:
    """A second server of the same site."""
    with running_web(web.state_dir, web.environment["DATABASE_URL"]) as other:
        yield other


def incoming_files(web: Web, path: str) -> list[Path]:
    """Return the files in which the site keeps the received bytes of this transfer."""
    return list((web.state_dir / "incoming").glob(f"{path.rpartition('/')[2]}*"))


def wait_for_offset(visitor: Visitor, web: Web, path: str, offset: int) -> None:
    wait_until(lambda: visitor.offset(web, path) >= offset)


def send_rest(visitor, web, path, content) -> bool:
    """Send the rest of the content. Return whether it was accepted: an older request may change the offset before."""
    offset = visitor.offset(web, path)
    return visitor.patch(web, path, offset, content[offset:]).status == 204


def test_killed_server_loses_no_acknowledged_byte(visitor, web):
    content = random.randbytes(6 * MEGABYTE)
    path = visitor.create_transfer(web, len(content)).path
    assert visitor.patch(web, path, 0, content[:MEGABYTE]).offset == MEGABYTE
    with visitor.start_patch(web, path, MEGABYTE, content[MEGABYTE : 3 * MEGABYTE], 5 * MEGABYTE):
        wait_for_offset(visitor, web, path, 2 * MEGABYTE)
        assert incoming_files(web, path)
        acknowledged = visitor.offset(web, path)
        web.kill()
    web.start()
    offset = visitor.offset(web, path)
    assert offset >= acknowledged
    assert visitor.patch(web, path, offset, content[offset:]).status == 204
    assert visitor.download(web, path) == content
    assert Upload.objects.get(owner=visitor.user).job is not None
    assert not incoming_files(web, path)


def test_bytes_received_before_a_disconnect_are_kept(visitor, web):
    content = random.randbytes(MEGABYTE)
    path = visitor.create_transfer(web, len(content)).path
    visitor.start_patch(web, path, 0, content[:300_001], len(content)).close()
    wait_for_offset(visitor, web, path, 300_001)
    assert visitor.patch(web, path, 300_001, content[300_001:]).status == 204
    assert visitor.download(web, path) == content


def test_chunked_patch_is_written(visitor, web):
    content = random.randbytes(3 * MEGABYTE)
    path = visitor.create_transfer(web, len(content)).path
    parts = (content[start : start + 100_000] for start in range(0, len(content), 100_000))
    response = visitor.send(web, "PATCH", path, parts, Upload_Offset="0", Content_Type=OCTETS)
    assert (response.status, response.offset) == (204, len(content))
    assert visitor.download(web, path) == content


def test_stalled_patch_is_displaced_immediately_and_its_bytes_are_ignored(visitor, web):
    content = random.randbytes(3 * MEGABYTE)
    path = visitor.create_transfer(web, len(content)).path
    with visitor.start_patch(web, path, 0, content[:MEGABYTE], len(content)) as stalled:
        wait_for_offset(visitor, web, path, MEGABYTE - 64 * 1024)
        started_at = time.monotonic()
        wait_until(lambda: send_rest(visitor, web, path, content[: 2 * MEGABYTE]))
        assert time.monotonic() - started_at < STALL_SECONDS / 3  # before the stalled request timed out
        stalled.sendall(b"x" * (len(content) - MEGABYTE))
        response = read_response(stalled)
    assert (response.status, response.offset) == (409, 2 * MEGABYTE)
    assert visitor.patch(web, path, 2 * MEGABYTE, content[2 * MEGABYTE :]).status == 204
    assert visitor.download(web, path) == content


def test_stalled_patch_does_not_complete_a_deleted_upload(visitor, web):
    path = visitor.create_transfer(web, MEGABYTE).path
    with visitor.start_patch(web, path, 0, bytes(MEGABYTE - 1), MEGABYTE) as stalled:
        wait_for_offset(visitor, web, path, MEGABYTE // 2)
        assert visitor.send(web, "DELETE", path).status == 204
        stalled.sendall(b"x")
        assert read_response(stalled).status == 404
    assert visitor.send(web, "HEAD", path).status == 404
    assert not Upload.objects.filter(owner=visitor.user).exists()
    assert not incoming_files(web, path)


def test_frozen_server_is_displaced_by_another_and_its_bytes_are_ignored(visitor, web, another_web):
    """Both servers receive different bytes for the same offsets. The upload contains those of the second server."""
    size = 4 * MEGABYTE
    path = visitor.create_transfer(web, size).path
    with visitor.start_patch(web, path, 0, b"a" * MEGABYTE, size) as slow:
        wait_for_offset(visitor, another_web, path, MEGABYTE // 2)
        (worker,) = web.workers
        freeze(worker)
        offset = visitor.offset(another_web, path)
        slow.sendall(b"a" * MEGABYTE)  # these stay in the frozen server's socket until it continues
        assert visitor.patch(another_web, path, offset, b"b" * (size - offset - 1)).status == 204
        kill(worker, signal.SIGCONT)
        slow.sendall(b"a" * (size - 2 * MEGABYTE))
        assert read_response(slow).status == 409
    assert visitor.patch(another_web, path, size - 1, b"c").status == 204
    assert visitor.download(another_web, path) == b"a" * offset + b"b" * (size - offset - 1) + b"c"


def call_concurrently(*calls):
    """Start all calls at the same moment. Return their results."""
    barrier = threading.Barrier(len(calls))
    results = [None] * len(calls)

    def run(number, call):
        barrier.wait(20)
        results[number] = call()

    threads = [threading.Thread(target=run, args=numbered) for numbered in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_concurrent_patches_conflict_except_for_the_first(visitor, web, another_web):
    first, second = b"a" * MEGABYTE, b"b" * MEGABYTE
    visitor.headers(another_web)
    for _ in range(5):
        path = visitor.create_transfer(web, MEGABYTE + 1).path
        responses = call_concurrently(
            lambda path=path: visitor.patch(web, path, 0, first),
            lambda path=path: visitor.patch(another_web, path, 0, second),
        )
        statuses = sorted(response.status for response in responses)
        assert statuses == [204, 409]
        winner = first if responses[0].status == 204 else second
        offset = visitor.offset(web, path)
        assert offset == MEGABYTE
        assert visitor.patch(web, path, offset, b"!").status == 204
        assert visitor.download(web, path) == winner + b"!"


def test_concurrently_completed_uploads_are_all_stored(visitor, web):
    """One process serves all of them. A request that waits for its turn must not hold a lock that another one needs."""
    content = random.randbytes(1000)
    paths = [visitor.create_transfer(web, len(content)).path for _ in range(16)]
    responses = call_concurrently(*[lambda path=path: visitor.patch(web, path, 0, content) for path in paths])
    assert {response.status for response in responses} == {204}
    assert Upload.objects.filter(owner=visitor.user).count() == len(paths)


def test_concurrent_uploads_can_not_exceed_the_quota(tmp_path, database_url, django_db_blocker):
    settings = {"USER_QUOTA_BYTES": str(10 * MEGABYTE), "WEB_CONCURRENCY": "2"}
    with (
        django_db_blocker.unblock(),
        using_database(database_url),
        running_web(tmp_path, database_url, **settings) as web,
    ):
        visitor = Visitor(make_user())
        visitor.headers(web)
        responses = call_concurrently(*[lambda: visitor.create_transfer(web, 3 * MEGABYTE)] * 12)
        assert sorted(response.status for response in responses) == [201] * 3 + [413] * 9


def test_full_disk_rejects_uploads_and_the_site_keeps_working(tmp_path, database_url, django_db_blocker):
    """The state directory is a file system of 24 MB."""
    state_dir = tmp_path / "small"
    state_dir.mkdir()
    mount = f'mount -t tmpfs -o size=24m none "{state_dir}" && exec "$0" "$@"'
    namespace = ["unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)), "sh", "-c", mount]
    with django_db_blocker.unblock(), using_database(database_url):
        web = Web(state_dir, database_url)
        web.log = tmp_path / "log"
        web.start(*namespace)
        try:
            visitor = Visitor(make_user())
            assert visitor.create_transfer(web, 30 * MEGABYTE).status == 507
            path = visitor.create_transfer(web, None).path
            assert visitor.patch(web, path, 0, random.randbytes(10 * MEGABYTE)).status == 204
            response = visitor.patch(web, path, 10 * MEGABYTE, random.randbytes(20 * MEGABYTE))
            assert response.status == 507
            assert b"disk of this site is full" in response.body
            assert 12 * MEGABYTE < visitor.offset(web, path) <= 24 * MEGABYTE
            assert not Upload.objects.exists()
            assert visitor.send(web, "GET", "/uploads/").status == 200
            assert visitor.send(web, "DELETE", path).status == 204
            content = random.randbytes(15 * MEGABYTE)
            path = visitor.create_transfer(web, len(content)).path
            assert visitor.patch(web, path, 0, content).status == 204
            assert visitor.download(web, path) == content
        finally:
            web.stop()
