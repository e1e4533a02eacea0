"""`make run`: its messages, its ports, its virtual environment, how it ends, and how it restarts."""

import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from tests.browser.conftest import CLOSE_CONNECTION, PASSWORD
from tests.browser.site import Site
from tests.faults.cluster import freeze, kill, wait_until
from tests.paths import ROOT
from tests.ports import free_port


def make_run(**variables: str) -> subprocess.CompletedProcess:
    arguments = [f"{name}={value}" for name, value in variables.items()]
    # no other variables: those of an outer make would change this one's behaviour
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        ["make", "run", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("name", ["PORT", "DASH_PORT"])
def test_port_in_use_is_reported_in_one_line(name):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        ports = {"PORT": str(free_port()), "DASH_PORT": str(free_port())} | {name: str(port)}
        done = make_run(**ports)
    assert done.returncode != 0
    output = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("make:")]
    assert len(output) == 1
    choice = re.fullmatch(rf"Port {port} is in use. Choose another one: make run PORT=(\d+) DASH_PORT=(\d+)", output[0])
    assert choice[2 if name == "PORT" else 1] == ports["DASH_PORT" if name == "PORT" else "PORT"]
    assert int(choice[1 if name == "PORT" else 2]) > port


@pytest.fixture
def tree(tmp_path):
    """A copy of the project whose virtual environment was created in a directory that no longer exists."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / ".venv", tmp_path / ".venv", symlinks=True, copy_function=os.link)
    for script in (tmp_path / ".venv/bin").iterdir():
        if not script.is_symlink() and script.is_file() and (code := script.read_bytes()).startswith(b"#!"):
            script.unlink()
            script.write_bytes(re.sub(rb"\A#!.*", b"#!/nowhere/.venv/bin/python", code))
            script.chmod(0o755)
    return tmp_path


def test_environment_of_another_python_version_is_recreated(tree):
    """After an upgrade of the system, the packages are in the directory of the old version, which Python ignores."""
    library = next((tree / ".venv/lib").glob("python3.*"))
    library.rename(library.with_name("python3.1"))
    subprocess.run(["make", "help"], cwd=tree, check=True, capture_output=True)
    assert not (tree / ".venv").exists()
    subprocess.run(["make", ".venv/bin/python"], cwd=tree, check=True, capture_output=True)
    assert (tree / ".venv/bin/python").exists()


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8001"])
def test_invalid_port_is_reported_in_one_line(port):
    done = make_run(PORT=port, DASH_PORT="8001")
    assert done.returncode != 0
    output = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("make:")]
    assert len(output) == 1
    assert port in output[0]


def test_make_run_in_a_moved_project_prints_its_urls_and_ctrl_c_stops_all_processes(tree):
    (tree / "state").mkdir()
    site = Site(tree / "state", root=tree)
    site.start()
    try:
        assert site.processes("gunicorn")
        assert site.processes("qcluster")
        assert not site.processes("runserver")
        output = site.log.read_text()
        assert re.search(rf"http://localhost:{site.port}\b", output)
        assert re.search(rf"http://localhost:{site.dash_port}\b", output)
    finally:
        site.stop()
    wait_until(lambda: not site.processes())
    log = site.log.read_text()
    assert "Traceback" not in log
    assert "Error" not in log.removeprefix(output)  # the first health checks report that no worker runs


def signal_cluster(site: Site, signum: int) -> None:
    """Send a signal to every process of the cluster."""
    for pid in site.processes("qcluster"):
        kill(pid, signum)


@pytest.mark.slow
def test_jobs_of_a_killed_cluster_are_completed_after_a_restart(tmp_path, playwright, holiday_photo):
    site = Site(tmp_path)
    site.start()
    try:
        http = playwright.request.new_context(base_url=site.url, extra_http_headers=CLOSE_CONNECTION)
        headers = {"X-CSRFToken": http.get("/api/session/").json()["csrf_token"]}
        fields = {"username": "survivor", "password1": PASSWORD, "password2": PASSWORD}
        assert http.post("/accounts/signup/", form=fields, headers=headers).ok
        headers = {"X-CSRFToken": http.get("/api/session/").json()["csrf_token"]}
        photo = {"name": "holiday.jpg", "mimeType": "image/jpeg", "buffer": holiday_photo.read_bytes()}
        jobs = []

        def upload() -> None:
            response = http.post("/api/uploads/", multipart={"file": photo}, headers=headers)
            jobs.append(response.json()["job"]["url"])

        def freeze_cluster_with_a_running_job() -> bool:
            """Upload another file. A job that runs in a frozen cluster can't finish before the cluster is killed."""
            upload()
            freeze(*site.processes("qcluster"), sqlite=tmp_path / "headway.sqlite3")
            if "running" in {http.get(job).json()["state"] for job in jobs}:
                return True
            signal_cluster(site, signal.SIGCONT)
            return False

        for _ in range(5):
            upload()
        wait_until(freeze_cluster_with_a_running_job)
        signal_cluster(site, signal.SIGKILL)
        site.stop()
        states = {http.get(job).json()["state"] for job in jobs} if site.health() else set()
        assert states == set()  # the site has stopped
        site.start()
        wait_until(lambda: {http.get(job).json()["state"] for job in jobs} == {"succeeded"}, seconds=60)
        assert max(http.get(job).json()["attempt"] for job in jobs) == 2
        assert list((tmp_path / "tmp").iterdir()) == []
    finally:
        site.stop()
    wait_until(lambda: not site.processes())
