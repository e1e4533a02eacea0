"""The decoder's process and its parent: what they say to each other, and how the one ends the other."""

import os
import select
import signal
import threading
import time

import pytest

from progress.exceptions import Cancelled
from progress.models import State
from progress.reporter import Progress
from tests.helpers import photo
from tests.paths import ROOT
from tests.uploads.files import pdf, uniform_png
from tests.uploads.helpers import process
from uploads.decoding import __main__ as decoder
from uploads.decoding import process as parent
from uploads.decoding.preview import Preview
from uploads.decoding.process import decoding
from uploads.kinds import PICTURE

SILENT = """
import os, pathlib, sys
print('{"read": 1}', flush=True)
os.read(0, 1)
pathlib.Path(sys.argv[3], "told").touch()
"""
FULL_DISK = """
import os
for name in ("320.webp", "page-1-320.webp"):
    os.symlink("/dev/full", os.path.join(sys.argv[3], name))
"""
FORKS = """
import os, time
forked = os.fork()
if forked == 0:
    time.sleep(600)
print('{"forked": %d}' % forked, flush=True)
os.read(0, 1)
"""
"""The decoder exits when it has received a byte; the forked process keeps its standard output open."""

DEAF = "import time; print('{\"read\": 1}', flush=True); time.sleep(600)"


HARMFUL = f"""
import errno, json, os, sys
sys.path.insert(0, {str(ROOT)!r})
from uploads.decoding import __main__ as decoder

def attempt(what, act):
    try:
        act()
    except OSError as error:
        print(json.dumps({{what: errno.errorcode[error.errno]}}), flush=True)

def write():
    os.pwrite(large.fileno(), b"x", decoder.FILE_BYTES)

def fork():
    if os.fork() == 0:
        os._exit(0)

decoder.limit()
large = open(os.path.join(sys.argv[3], "large"), "wb")
if os.getuid() == 0:  # the kernel doesn't limit root's processes
    os.setgid(65534)
    os.setuid(65534)
decoder.forbid_new_processes(sys.argv[1])
attempt("file size", write)
attempt("open files", lambda: [open("/dev/null") for _ in range(decoder.OPEN_FILES)])
attempt("processes", fork)
"""


def nothing():
    """Nobody asks the job to stop."""


@pytest.fixture(scope="module")
def large() -> bytes:
    """A picture that takes a second to decode."""
    return uniform_png(12_000, 12_000)


@pytest.fixture
def source(tmp_path, large):
    path = tmp_path / "large"
    path.write_bytes(large)
    return path


def test_it_says_what_it_does(tmp_path):
    (tmp_path / "photo").write_bytes(content := photo(1000, 500))
    said = []
    decoder.main("image/jpeg", tmp_path / "photo", tmp_path, said.append)
    assert said == [
        {"read": len(content)},
        {"metadata": {"width": 1000, "height": 500}, "total": 3},
        {"made": [{"file": "1000.webp", "page": 1, "width": 1000, "height": 500}]},
        {"made": [{"file": "960.webp", "page": 1, "width": 960, "height": 480}]},
        {"made": [{"file": "320.webp", "page": 1, "width": 320, "height": 160}]},
    ]


class Watched(Progress):
    """Notes each count of each stage."""

    def __init__(self):
        super().__init__()
        self.counts = {}

    def advance(self, n=1):
        super().advance(n)
        stage = self.current_stage
        self.counts.setdefault((stage.name, stage.unit, stage.total), []).append(stage.current)


def test_opening_is_counted_in_the_bytes_that_the_decoder_has_read(source, tmp_path):
    progress = Watched()
    Preview().make(PICTURE, "image/png", source, tmp_path, progress)
    size = source.stat().st_size
    read = progress.counts["Opening the picture", "bytes", size]
    assert read == sorted(read)
    assert size - 16 < read[-1] <= size  # nobody needs the last chunk, which has no content
    assert len({count for count in read if 0 < count < size}) >= 3
    assert set(progress.counts["Making pictures", "pictures", 3]) >= {1, 2, 3}


def test_a_cancel_is_noticed_while_the_decoder_is_silent_and_the_decoder_told(tmp_path, replace_decoder, monkeypatch):
    monkeypatch.setattr(parent, "STOP_SECONDS", 30)  # it ends by itself, or this takes long
    replace_decoder(SILENT)
    progress = Progress()
    cancelled_at = []

    def cancel():
        cancelled_at.append(time.monotonic())
        progress.interrupt = Cancelled("The owner has asked for it.")

    with pytest.raises(Cancelled), decoding("image/png", tmp_path / "file", tmp_path) as running:
        for _ in running.messages(lambda: progress.advance(0)):
            threading.Timer(0.3, cancel).start()
    assert time.monotonic() - cancelled_at[0] < 5
    assert (tmp_path / "told").exists()


def test_the_real_decoder_ends_by_itself_when_it_is_told_while_it_decodes(source, tmp_path, monkeypatch):
    monkeypatch.setattr(parent, "STOP_SECONDS", 30)
    with decoding("image/png", source, tmp_path) as running:
        assert "read" in next(running.messages(nothing))
        assert running.stop() == decoder.INPUT_CLOSED


def test_one_that_does_not_listen_is_killed(tmp_path, replace_decoder, monkeypatch):
    monkeypatch.setattr(parent, "STOP_SECONDS", 0.2)
    replace_decoder(DEAF)
    with decoding("image/png", tmp_path / "file", tmp_path) as running:
        next(running.messages(nothing))
        assert running.stop() == -signal.SIGKILL


def test_one_that_hangs_is_killed(alice, replace_decoder, monkeypatch):
    monkeypatch.setattr(parent, "STOP_SECONDS", 0.2)
    monkeypatch.setattr(parent, "WALL_SECONDS", 0.2)
    replace_decoder(DEAF)
    upload = process(alice, photo())
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "picture_too_demanding")


def test_one_that_talks_for_ever_is_no_exception(alice, replace_decoder, monkeypatch):
    monkeypatch.setattr(parent, "STOP_SECONDS", 0.2)
    monkeypatch.setattr(parent, "WALL_SECONDS", 0.5)
    replace_decoder("while True: print('{\"read\": 1}', flush=True)")
    upload = process(alice, photo())
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "picture_too_demanding")


@pytest.mark.parametrize(
    "broken",
    [
        "import nothing_of_this_name",
        "import os; os.kill(os.getpid(), 15)",
        "print('no JSON')",
        "import sys; sys.stdout.write('x' * 10**6)",
    ],
    ids=["doesn't start", "is stopped", "says nonsense", "says too much"],
)
def test_one_that_is_broken_or_stopped_is_our_fault_and_tried_again(alice, replace_decoder, broken, monkeypatch):
    monkeypatch.setattr(parent, "STOP_SECONDS", 0.2)
    replace_decoder(broken)
    upload = process(alice, photo())
    assert (upload.job.state, upload.job.error_code, upload.job.attempt) == (State.FAILED, "internal", 3)


@pytest.mark.parametrize("content", [photo(), pdf()], ids=["picture", "PDF"])
def test_a_full_disk_is_not_the_files_fault(alice, stored_names, patch_decoder, content):
    patch_decoder(FULL_DISK)
    upload = process(alice, content)
    assert (upload.job.state, upload.job.error_code, upload.job.attempt) == (State.FAILED, "internal", 3)
    assert upload.metadata == {}
    assert stored_names() == ["original"]


@pytest.mark.parametrize("content", [photo(), pdf()], ids=["picture", "PDF"])
def test_a_rendition_larger_than_the_limit_fails_its_job_and_the_next_job_runs(
    alice, stored_names, patch_decoder, content
):
    patch_decoder("decoder.FILE_BYTES = 10")
    upload = process(alice, content)
    assert (upload.job.state, upload.job.error_code, upload.job.attempt) == (State.FAILED, "picture_too_demanding", 1)
    assert "disk space" in upload.problem
    assert stored_names() == ["original"]
    patch_decoder("pass")
    assert process(alice, photo()).job.state == State.SUCCEEDED


def test_decoder_can_not_write_a_large_file_open_many_files_or_start_processes(tmp_path, replace_decoder):
    replace_decoder(HARMFUL)
    with decoding("image/png", tmp_path / "file", tmp_path) as running:
        assert list(running.messages(nothing)) == [
            {"file size": "EFBIG"},
            {"open files": "EMFILE"},
            {"processes": "EAGAIN"},
        ]


def test_process_forked_by_the_decoder_is_killed_when_the_decoder_exits(tmp_path, replace_decoder):
    replace_decoder(FORKS)
    with decoding("image/png", tmp_path / "file", tmp_path) as running:
        messages = running.messages(nothing)
        handle = os.pidfd_open(next(messages)["forked"])
        try:
            running._process.stdin.write(b"x")
            assert list(messages) == []
            assert select.select([handle], [], [], 10)[0] == [handle]  # SIGKILL takes effect a moment after it is sent
        finally:
            os.close(handle)


@pytest.mark.parametrize("limit", ["MEMORY_BYTES = 150 * 2**20", "CPU_SECONDS = 1"])
def test_a_picture_that_needs_too_much_is_ended_by_its_limit_and_the_next_job_runs(
    alice, stored_names, patch_decoder, large, limit
):
    patch_decoder(f"decoder.{limit}")
    upload = process(alice, large)
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "picture_too_demanding")
    assert "memory, time or disk space" in upload.problem
    assert stored_names() == ["original"]
    patch_decoder("pass")
    assert process(alice, photo()).job.state == State.SUCCEEDED


def test_it_knows_nothing_of_our_environment(tmp_path, replace_decoder, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    replace_decoder("import json, os; print(json.dumps(dict(os.environ)))")
    with decoding("image/png", tmp_path / "file", tmp_path) as running:
        (environment,) = running.messages(nothing)
    assert set(environment) - {"LC_CTYPE"} == {"PYTHONDONTWRITEBYTECODE", "PYTHONSAFEPATH"}


def test_it_dies_with_its_parent(source, tmp_path):
    """The kernel sees to that: a worker that is killed can't tell anybody anything."""
    reader, writer = os.pipe()
    parent = os.fork()
    if parent == 0:
        with decoding("image/png", source, tmp_path) as running:
            next(running.messages(nothing))
            os.write(writer, str(running._process.pid).encode())
            signal.pause()
    grandchild = int(os.read(reader, 20))
    os.kill(parent, signal.SIGSTOP)  # it closes nothing
    handle = os.pidfd_open(grandchild)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert select.select([handle], [], [], 10)[0] == [handle]
    for descriptor in (reader, writer, handle):
        os.close(descriptor)
