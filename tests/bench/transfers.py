"""Upload of 1 GiB in one PATCH through gunicorn, against @tus/server with its file store: speed and memory growth.

When Headway responds, the file is synced to disk and an upload with a job exists. The other server's file is only in
the page cache.
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
from tests.bench.web import running_site
from tests.faults.cluster import wait_until
from tests.faults.web import OCTETS, TUS, Visitor, make_user
from tests.paths import ROOT
from tests.ports import free_port

SIZE = size(1024**3, quick=16 * 1024**2)
ROUNDS = size(5, quick=1)
MEBIBYTE = 1024**2
MAX_GROWTH = 16 * MEBIBYTE
"""Bytes."""

START_SECONDS = 20


def measure(databases: Databases) -> Iterator[Result]:
    """Alternate between both servers, so that other processes slow down both."""
    file = databases.directory / "gibibyte"
    with file.open("wb") as sparse:
        sparse.truncate(SIZE)
    url = databases.create("postgresql")
    with using(url), running_site(databases, url) as site, tus_server(databases.directory / "tus") as tus_port:
        headers = Visitor(make_user()).headers(site)
        send(site.port, "/api/tus", headers, file)  # a warm-up, so that the memory does not grow for other reasons
        send(tus_port, "/files", {}, file)
        growth = MemoryGrowth(site.process.pid)
        headway, other = [], []
        for _ in range(ROUNDS):
            headway.append(send(site.port, "/api/tus", headers, file))
            other.append(send(tus_port, "/files", {}, file))
        speeds = [SIZE / MEBIBYTE / median(seconds) for seconds in (headway, other)]
        name = f"transfers: {SIZE // MEBIBYTE:,} MiB in one PATCH / @tus/server"
        yield Result(name, "postgresql", *speeds, "MiB/s", min_ratio=1)
        peak, limit = growth.peak() / MEBIBYTE, MAX_GROWTH / MEBIBYTE
        yield Result("transfers: growth of a web process", "postgresql", peak, limit, "MiB", max_ratio=1)


def send(port: int, path: str, headers: dict[str, str], file: Path) -> float:
    """Upload the file in one PATCH and delete it. Return the duration of the PATCH in seconds."""
    headers = {"Host": f"localhost:{port}"} | headers | TUS
    connection = http.client.HTTPConnection("127.0.0.1", port)
    response, _ = _request(connection, "POST", path, headers | {"Upload-Length": str(SIZE), "Content-Length": "0"})
    assert response.status == 201
    url = "/" + response.headers["Location"].split("/", 3)[3]
    with file.open("rb") as body:
        patch_headers = {"Upload-Offset": "0", "Content-Type": OCTETS, "Content-Length": str(SIZE)}
        started_at = time.monotonic()
        connection.putrequest("PATCH", url, skip_host=True, skip_accept_encoding=True)
        for name, value in (headers | patch_headers).items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.sock.sendfile(body)
        response = connection.getresponse()
        response.read()
        seconds = time.monotonic() - started_at
    assert (response.status, response.headers["Upload-Offset"]) == (204, str(SIZE))
    response, _ = _request(connection, "DELETE", url, headers)
    assert response.status == 204
    connection.close()
    return seconds


class MemoryGrowth:
    """Growth of the memory of gunicorn's worker processes since this object was created."""

    def __init__(self, master: int) -> None:
        workers = [process.pid for process in processes.all_processes() if process.parent == master]
        self._before = {pid: _status(pid, "VmRSS") for pid in workers}
        assert self._before
        for pid in self._before:
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # resets the peak

    def peak(self) -> int:
        """Return the largest growth of a process, in bytes."""
        return max(_status(pid, "VmHWM") - before for pid, before in self._before.items())


@contextmanager
def tus_server(directory: Path) -> Iterator[int]:
    """Run @tus/server. Yield its port."""
    directory.mkdir()
    port = free_port()
    process = subprocess.Popen(["node", "peer.mjs", str(port), str(directory)], cwd=ROOT / "tests" / "node")
    try:
        wait_until(lambda: _is_ready(port), START_SECONDS)
        yield port
    finally:
        process.terminate()
        process.wait()


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        return bool(_request(connection, "OPTIONS", "/files", TUS)[0].status)
    except OSError:
        return False
    finally:
        connection.close()


def _request(connection: http.client.HTTPConnection, method: str, path: str, headers: dict) -> tuple:
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    return response, response.read()


def _status(pid: int, name: str) -> int:
    """Return this value of /proc/PID/status, in bytes."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[1]) * 1024
