"""How fast 1 GiB arrives in one PATCH through gunicorn, against @tus/server with its file store, and in what memory.

Ours is on disk when it is answered, and is an upload with a job; the peer's is in the kernel's cache.
"""

import http.client
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from progress.worker import processes
from tests.bench.databases import Databases, using
from tests.bench.results import Result
from tests.bench.size import size
from tests.bench.web import web
from tests.faults.cluster import wait_until
from tests.faults.web import OCTETS, TUS, Visitor, make_user
from tests.paths import ROOT
from tests.ports import free_port

SIZE = size(1024**3, quick=16 * 1024**2)
ROUNDS = size(5, quick=1)
MEBIBYTE = 1024**2
MOST_GROWTH = 16 * MEBIBYTE
START_SECONDS = 20


def measure(databases: Databases) -> Iterator[Result]:
    """In turn, so that what disturbs the machine disturbs both."""
    file = databases.directory / "gibibyte"
    with file.open("wb") as blank:
        blank.truncate(SIZE)
    url = databases.new("postgresql")
    with using(url), web(databases, url) as site, peer(databases.directory / "peer") as peer_port:
        headers = Visitor(make_user()).headers(site)
        send(site.port, "/api/tus", headers, file)  # a warm-up, as to memory too
        send(peer_port, "/files", {}, file)
        growth = Growth(site.process.pid)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(send(site.port, "/api/tus", headers, file))
            theirs.append(send(peer_port, "/files", {}, file))
        speeds = [SIZE / MEBIBYTE / median(seconds) for seconds in (ours, theirs)]
        yield Result(
            f"transfers: {SIZE // MEBIBYTE:,} MiB in one PATCH / @tus/server", "postgresql", *speeds, "MiB/s", least=1
        )
        grown, limit = growth.largest() / MEBIBYTE, MOST_GROWTH / MEBIBYTE
        yield Result("transfers: growth of a web process", "postgresql", grown, limit, "MiB", most=1)


def send(port: int, path: str, headers: dict[str, str], file: Path) -> float:
    """Begin a file, send all of it at once, and forget it; gives the seconds of the PATCH."""
    headers = {"Host": f"localhost:{port}"} | headers | TUS
    connection = http.client.HTTPConnection("127.0.0.1", port)
    answer, _ = _ask(connection, "POST", path, headers | {"Upload-Length": str(SIZE), "Content-Length": "0"})
    assert answer.status == 201
    url = "/" + answer.headers["Location"].split("/", 3)[3]
    with file.open("rb") as body:
        own = {"Upload-Offset": "0", "Content-Type": OCTETS, "Content-Length": str(SIZE)}
        begun_at = time.monotonic()
        connection.putrequest("PATCH", url, skip_host=True, skip_accept_encoding=True)
        for name, value in (headers | own).items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.sock.sendfile(body)
        answer = connection.getresponse()
        answer.read()
        seconds = time.monotonic() - begun_at
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(SIZE))
    answer, _ = _ask(connection, "DELETE", url, headers)
    assert answer.status == 204
    connection.close()
    return seconds


class Growth:
    """How much memory each process of that gunicorn has had at its most, above what it has now."""

    def __init__(self, master: int) -> None:
        workers = [process.pid for process in processes.all_processes() if process.parent == master]
        self._now = {pid: _status(pid, "VmRSS") for pid in workers}
        assert self._now
        for pid in self._now:
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the kernel forgets the peak

    def largest(self) -> int:
        """In bytes."""
        return max(_status(pid, "VmHWM") - now for pid, now in self._now.items())


@contextmanager
def peer(directory: Path) -> Iterator[int]:
    """The port of a running one."""
    directory.mkdir()
    port = free_port()
    process = subprocess.Popen(["node", "peer.mjs", str(port), str(directory)], cwd=ROOT / "tests" / "node")
    try:
        wait_until(lambda: _answers(port), START_SECONDS)
        yield port
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        return bool(_ask(connection, "OPTIONS", "/files", TUS)[0].status)
    except OSError:
        return False
    finally:
        connection.close()


def _ask(connection: http.client.HTTPConnection, method: str, path: str, headers: dict) -> tuple:
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer, answer.read()


def _status(pid: int, name: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[1]) * 1024
