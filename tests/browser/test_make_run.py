"""`make run` as a newcomer meets it: its words, its ports, its end."""

import os
import re
import shutil
import socket
import subprocess

import pytest

from tests.browser.site import ROOT, Site, free_port


def make_run(**variables: str) -> subprocess.CompletedProcess:
    arguments = [f"{name}={value}" for name, value in variables.items()]
    return subprocess.run(["make", "run", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", ["PORT", "DASH_PORT"])
def test_a_taken_port_is_one_clear_line(name):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"PORT": str(free_port()), "DASH_PORT": str(free_port())} | {name: str(port)}
        done = make_run(**ports)
    assert done.returncode != 0
    said = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("make:")]
    assert len(said) == 1
    choice = re.fullmatch(rf"Port {port} is taken. Choose another one: make run PORT=(\d+) DASH_PORT=(\d+)", said[0])
    assert choice[2 if name == "PORT" else 1] == ports["DASH_PORT" if name == "PORT" else "PORT"]
    assert int(choice[1 if name == "PORT" else 2]) > port


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8001"])
def test_a_port_that_is_none_is_one_clear_line(port):
    done = make_run(PORT=port, DASH_PORT="8001")
    assert done.returncode != 0
    said = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("make:")]
    assert len(said) == 1
    assert port in said[0]


def processes_of(site: Site) -> list[str]:
    """The command lines of all processes that were started with the site's state directory."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as environ, open(f"/proc/{pid}/cmdline", "rb") as command:
                if f"STATE_DIR={site.state_dir}".encode() in environ.read().split(b"\0"):
                    found.append(command.read().replace(b"\0", b" ").decode())
        except OSError:
            continue  # it has ended meanwhile
    return found


def test_it_says_where_it_serves_and_ctrl_c_stops_all_of_it(tmp_path):
    site = Site(tmp_path)
    site.start()
    try:
        running = " ".join(processes_of(site))
        assert "gunicorn" in running
        assert "qcluster" in running
        assert "runserver" not in running
        said = site.log.read_text()
        assert re.search(rf"http://localhost:{site.port}\b", said)
        assert re.search(rf"http://localhost:{site.dash_port}\b", said)
    finally:
        assert site.stop() != 0
    assert processes_of(site) == []


def test_state_and_jobs_survive_a_restart(tmp_path):
    site = Site(tmp_path)
    for _ in range(2):
        site.start()
        assert site.stop() != 0
    assert (tmp_path / "headway.sqlite3").exists()
    shutil.rmtree(tmp_path)
