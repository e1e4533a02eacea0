"""Files on their way here, while servers die, freeze or fill up, and several send at once."""

import os
import random
import signal
import threading
import time

import pytest

from tests.faults.cluster import freeze, kill, wait_until
from tests.faults.conftest import looking_into
from tests.faults.web import MEGABYTE, OCTETS, Visitor, Web, answer_of, make_user, running_web
from uploads.models import Upload
from uploads.receiving.body import STALL_SECONDS


@pytest.fixture
def another_web(web, tmp_path, database_url):
    """A second server of the same site."""
    with running_web(tmp_path, database_url) as other:
        yield other


def noise(size: int) -> bytes:
    return random.randbytes(size)


def wait_for_offset(visitor: Visitor, web: Web, path: str, offset: int) -> None:
    wait_until(lambda: visitor.offset(web, path) >= offset)


def goes_on(visitor, web, path, content) -> bool:
    """Whether it could be sent from where it is; what has come by another way meanwhile may be counted in between."""
    offset = visitor.offset(web, path)
    return visitor.patch(web, path, offset, content[offset:]).status == 204


def test_when_all_servers_are_killed_no_acknowledged_byte_is_lost(visitor, web):
    content = noise(6 * MEGABYTE)
    path = visitor.begin(web, len(content)).path
    assert visitor.patch(web, path, 0, content[:MEGABYTE]).offset == MEGABYTE
    with visitor.half_a_patch(web, path, MEGABYTE, content[MEGABYTE : 3 * MEGABYTE], 5 * MEGABYTE):
        wait_for_offset(visitor, web, path, 2 * MEGABYTE)
        acknowledged = visitor.offset(web, path)
        web.kill()
    web.start()
    offset = visitor.offset(web, path)
    assert offset >= acknowledged
    assert visitor.patch(web, path, offset, content[offset:]).status == 204
    assert visitor.download(web, path) == content
    assert Upload.objects.get().job is not None
    assert not list((web.state_dir / "incoming").iterdir())


def test_what_arrived_of_a_cut_patch_counts(visitor, web):
    content = noise(MEGABYTE)
    path = visitor.begin(web, len(content)).path
    visitor.half_a_patch(web, path, 0, content[:300_001], len(content)).close()
    wait_for_offset(visitor, web, path, 300_001)
    assert visitor.patch(web, path, 300_001, content[300_001:]).status == 204
    assert visitor.download(web, path) == content


def test_chunked_patch_is_written(visitor, web):
    content = noise(3 * MEGABYTE)
    path = visitor.begin(web, len(content)).path
    parts = (content[start : start + 100_000] for start in range(0, len(content), 100_000))
    answer = visitor.ask(web, "PATCH", path, parts, Upload_Offset="0", Content_Type=OCTETS)
    assert (answer.status, answer.offset) == (204, len(content))
    assert visitor.download(web, path) == content


def test_a_patch_that_hangs_is_displaced_at_once_and_spoils_nothing(visitor, web):
    content = noise(3 * MEGABYTE)
    path = visitor.begin(web, len(content)).path
    with visitor.half_a_patch(web, path, 0, content[:MEGABYTE], len(content)) as hung:
        wait_for_offset(visitor, web, path, MEGABYTE - 64 * 1024)
        begun_at = time.monotonic()
        wait_until(lambda: goes_on(visitor, web, path, content[: 2 * MEGABYTE]))
        assert time.monotonic() - begun_at < STALL_SECONDS / 3  # it did not wait for the old one to be given up
        hung.sendall(b"x" * (len(content) - MEGABYTE))
        answer = answer_of(hung)
    assert (answer.status, answer.offset) == (409, 2 * MEGABYTE)
    assert visitor.patch(web, path, 2 * MEGABYTE, content[2 * MEGABYTE :]).status == 204
    assert visitor.download(web, path) == content


def test_a_patch_that_hangs_before_its_last_byte_can_not_keep_a_file_that_was_deleted(visitor, web):
    path = visitor.begin(web, MEGABYTE).path
    with visitor.half_a_patch(web, path, 0, bytes(MEGABYTE - 1), MEGABYTE) as hung:
        wait_for_offset(visitor, web, path, MEGABYTE // 2)
        assert visitor.ask(web, "DELETE", path).status == 204
        hung.sendall(b"x")
        assert answer_of(hung).status == 404
    assert visitor.ask(web, "HEAD", path).status == 404
    assert not Upload.objects.exists()
    assert not list((web.state_dir / "incoming").iterdir())


def test_a_frozen_server_is_displaced_by_another_and_spoils_nothing_when_it_wakes(visitor, web, another_web):
    """Both send other bytes for the same places: what the second one sent is what counts."""
    size = 4 * MEGABYTE
    path = visitor.begin(web, size).path
    with visitor.half_a_patch(web, path, 0, b"a" * MEGABYTE, size) as slow:
        wait_for_offset(visitor, another_web, path, MEGABYTE // 2)
        (worker,) = web.workers
        freeze(worker)
        offset = visitor.offset(another_web, path)
        slow.sendall(b"a" * MEGABYTE)  # it lies in the frozen server's socket until that wakes
        assert visitor.patch(another_web, path, offset, b"b" * (size - offset - 1)).status == 204
        kill(worker, signal.SIGCONT)
        slow.sendall(b"a" * (size - 2 * MEGABYTE))
        assert answer_of(slow).status == 409
    assert visitor.patch(another_web, path, size - 1, b"c").status == 204
    assert visitor.download(another_web, path) == b"a" * offset + b"b" * (size - offset - 1) + b"c"


def at_once(*calls):
    """The answers of all of them, begun at the same moment."""
    barrier = threading.Barrier(len(calls))
    answers = [None] * len(calls)

    def run(number, call):
        barrier.wait(20)
        answers[number] = call()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_of_two_tabs_one_wins_and_the_other_is_told_the_true_offset(visitor, web, another_web):
    first, second = b"a" * MEGABYTE, b"b" * MEGABYTE
    visitor.headers(another_web)
    for _ in range(5):
        path = visitor.begin(web, MEGABYTE + 1).path
        answers = at_once(
            lambda path=path: visitor.patch(web, path, 0, first),
            lambda path=path: visitor.patch(another_web, path, 0, second),
        )
        statuses = sorted(answer.status for answer in answers)
        assert statuses == [204, 409]
        winner = first if answers[0].status == 204 else second
        offset = visitor.offset(web, path)
        assert offset == MEGABYTE
        assert visitor.patch(web, path, offset, b"!").status == 204
        assert visitor.download(web, path) == winner + b"!"


def test_many_that_end_at_the_same_time_are_all_kept(visitor, web):
    """By one process: none of them may wait for the lock of another one that waits for its turn."""
    content = noise(1000)
    paths = [visitor.begin(web, len(content)).path for _ in range(16)]
    answers = at_once(*[lambda path=path: visitor.patch(web, path, 0, content) for path in paths])
    assert {answer.status for answer in answers} == {204}
    assert Upload.objects.count() == len(paths)


def test_uploads_at_once_can_not_pass_the_quota(tmp_path, database_url, django_db_blocker):
    settings = {"USER_QUOTA_BYTES": str(10 * MEGABYTE), "WEB_CONCURRENCY": "2"}
    with (
        django_db_blocker.unblock(),
        looking_into(database_url),
        running_web(tmp_path, database_url, **settings) as web,
    ):
        visitor = Visitor(make_user())
        visitor.headers(web)
        answers = at_once(*[lambda: visitor.begin(web, 3 * MEGABYTE)] * 12)
        assert sorted(answer.status for answer in answers) == [201] * 3 + [413] * 9


def test_a_full_disk_is_said_and_the_service_goes_on(tmp_path, database_url, django_db_blocker):
    """On a disk of 24 MB of the test's own."""
    state_dir = tmp_path / "small"
    state_dir.mkdir()
    mount = f'mount -t tmpfs -o size=24m none "{state_dir}" && exec "$0" "$@"'
    namespace = ["unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)), "sh", "-c", mount]
    with django_db_blocker.unblock(), looking_into(database_url):
        web = Web(state_dir, database_url)
        web.log = tmp_path / "log"
        web.start(*namespace)
        try:
            visitor = Visitor(make_user())
            assert visitor.begin(web, 30 * MEGABYTE).status == 507
            path = visitor.begin(web, None).path
            assert visitor.patch(web, path, 0, noise(10 * MEGABYTE)).status == 204
            answer = visitor.patch(web, path, 10 * MEGABYTE, noise(20 * MEGABYTE))
            assert answer.status == 507
            assert b"disk of this site is full" in answer.body
            assert 12 * MEGABYTE < visitor.offset(web, path) <= 24 * MEGABYTE
            assert not Upload.objects.exists()
            assert visitor.ask(web, "GET", "/uploads/").status == 200
            assert visitor.ask(web, "DELETE", path).status == 204
            content = noise(15 * MEGABYTE)
            path = visitor.begin(web, len(content)).path
            assert visitor.patch(web, path, 0, content).status == 204
            assert visitor.download(web, path) == content
        finally:
            web.stop()
