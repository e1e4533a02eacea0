"""The decoder subprocess: its messages, its limits, and how its parent stops it."""

import os
import select
import signal
import threading
import time

import pytest
from PIL import Image

from progress.exceptions import Cancelled
from progress.models import State
from progress.reporter import Progress
from tests.helpers import photo
from tests.paths import ROOT
from tests.uploads.files import pdf, uniform_png
from tests.uploads.helpers import encode, is_red, open_rendition, process
from uploads.decoding import __main__ as decoder
from uploads.decoding import process as parent
from uploads.decoding.preview import Preview
from uploads.decoding.process import decoding
from uploads.kinds import PICTURE

WAITING_DECODER = """
import os, pathlib, sys
print('{"read": 1}', flush=True)
os.read(0, 1)
pathlib.Path(sys.argv[3], "stopped").touch()
"""
"""Creates the file `stopped` when its standard input is closed."""

FULL_DISK = """
import os
for name in ("320.webp", "page-1-320.webp"):
    os.symlink("/dev/full", os.path.join(sys.argv[3], name))
"""

FORKING_DECODER = """
import os, time
forked = os.fork()
if forked == 0:
    time.sleep(600)
print('{"forked": %d}' % forked, flush=True)
os.read(0, 1)
"""
"""Exits when it has received a byte. The forked process keeps the standard output open."""

HANGING_DECODER = "import time; print('{\"read\": 1}', flush=True); time.sleep(600)"

GREEDY_DECODER = f"""
import errno, json, os, sys
sys.path.insert(0, {str(ROOT)!r})
from uploads.decoding import __main__ as decoder

def attempt(limit, act):
    try:
        act()
    except OSError as error:
        print(json.dumps({{limit: errno.errorcode[error.errno]}}), flush=True)

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


def keep_waiting():
    """Do nothing while the decoder sends nothing."""


@pytest.fixture(scope="module")
def large_picture() -> bytes:
    """Return a picture that takes a second to decode."""
    return uniform_png(12_000, 12_000)


@pytest.fixture
def large_file(tmp_path, large_picture):
    path = tmp_path / "large"
    path.write_bytes(large_picture)
    return path


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF", "PDF"])
def test_file_of_every_format_gets_renditions(alice, format):
    import pillow_heif

    pillow_heif.register_heif_opener()
    upload = process(alice, pdf() if format == "PDF" else photo(format=format), "mislabelled.txt")
    assert upload.job.state == State.SUCCEEDED
    image = open_rendition(upload.renditions.last()).convert("RGB")
    assert is_red(image, 0.1, 0.1)
    assert not is_red(image, 0.9, 0.9)


def test_pdf_without_pages_is_unreadable(alice):
    """PDFium doesn't set its last error. In a process that decoded an encrypted PDF before, it would report that."""
    assert process(alice, pdf(pages=0)).job.error_code == "unreadable_pdf"


def test_decoder_reports_bytes_read_metadata_and_renditions(tmp_path):
    (tmp_path / "photo").write_bytes(content := photo(1000, 500))
    messages = []
    decoder.main("image/jpeg", tmp_path / "photo", tmp_path, messages.append)
    assert messages == [
        {"read": len(content)},
        {"metadata": {"width": 1000, "height": 500}, "total": 3},
        {"made": [{"file": "1000.webp", "page": 1, "width": 1000, "height": 500}]},
        {"made": [{"file": "960.webp", "page": 1, "width": 960, "height": 480}]},
        {"made": [{"file": "320.webp", "page": 1, "width": 320, "height": 160}]},
    ]


class RecordingProgress(Progress):
    """Progress that records all counts of each stage."""

    def __init__(self):
        super().__init__()
        self.counts = {}

    def advance(self, n=1):
        super().advance(n)
        stage = self.current_stage
        self.counts.setdefault((stage.name, stage.unit, stage.total), []).append(stage.current)


def test_opening_stage_counts_bytes_read_by_the_decoder(tmp_path, patch_decoder):
    patch_decoder("raster.READ_INTERVAL = 0")
    source, progress = tmp_path / "noise", RecordingProgress()
    source.write_bytes(content := encode(Image.effect_noise((1000, 500), 60)))
    Preview().make(PICTURE, "image/png", source, tmp_path, progress)
    size = len(content)
    read = progress.counts["Opening the picture", "bytes", size]
    assert read == sorted(read)
    assert size - 16 < read[-1] <= size  # the decoder doesn't need the last chunk, which has no content
    assert len({count for count in read if 0 < count < size}) >= 3
    assert set(progress.counts["Making previews", "pictures", 3]) >= {1, 2, 3}


def test_cancellation_while_the_decoder_sends_nothing_stops_it(tmp_path, replace_decoder, monkeypatch):
    monkeypatch.setattr(parent, "STOP_SECONDS", 30)  # longer than the test waits, so the decoder is not killed
    replace_decoder(WAITING_DECODER)
    progress = Progress()
    cancelled_at = []

    def cancel():
        cancelled_at.append(time.monotonic())
        progress.interrupt = Cancelled("Cancelled by the owner.")

    with pytest.raises(Cancelled), decoding("image/png", tmp_path / "file", tmp_path) as running:
        for _ in running.messages(lambda: progress.advance(0)):
            threading.Timer(0.3, cancel).start()
    assert time.monotonic() - cancelled_at[0] < 5
    assert (tmp_path / "stopped").exists()


def test_decoder_exits_when_its_input_is_closed_during_decoding(large_file, tmp_path, monkeypatch):
    monkeypatch.setattr(parent, "STOP_SECONDS", 30)
    with decoding("image/png", large_file, tmp_path) as running:
        assert "read" in next(running.messages(keep_waiting))
        assert running.stop() == decoder.INPUT_CLOSED


def test_decoder_ignoring_its_closed_input_is_killed(tmp_path, replace_decoder, monkeypatch):
    monkeypatch.setattr(parent, "STOP_SECONDS", 0.2)
    replace_decoder(HANGING_DECODER)
    with decoding("image/png", tmp_path / "file", tmp_path) as running:
        next(running.messages(keep_waiting))
        assert running.stop() == -signal.SIGKILL


def test_hung_decoder_is_killed(alice, replace_decoder, monkeypatch):
    monkeypatch.setattr(parent, "STOP_SECONDS", 0.2)
    monkeypatch.setattr(parent, "WALL_SECONDS", 0.2)
    replace_decoder(HANGING_DECODER)
    upload = process(alice, photo())
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "picture_too_demanding")


def test_decoder_sending_endless_messages_is_killed(alice, replace_decoder, monkeypatch):
    monkeypatch.setattr(parent, "STOP_SECONDS", 0.2)
    monkeypatch.setattr(parent, "WALL_SECONDS", 0.5)
    replace_decoder("while True: print('{\"read\": 1}', flush=True)")
    upload = process(alice, photo())
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "picture_too_demanding")


@pytest.mark.parametrize(
    "program",
    [
        "import nothing_of_this_name",
        "import os; os.kill(os.getpid(), 15)",
        "print('no JSON')",
        "import sys; sys.stdout.write('x' * 10**6)",
    ],
    ids=["fails to start", "is terminated", "sends no JSON", "sends too long a line"],
)
def test_decoder_failure_is_an_internal_error_and_retried(alice, replace_decoder, program, monkeypatch):
    monkeypatch.setattr(parent, "STOP_SECONDS", 0.2)
    replace_decoder(program)
    upload = process(alice, photo())
    assert (upload.job.state, upload.job.error_code, upload.job.attempt) == (State.FAILED, "internal", 3)


@pytest.mark.parametrize("content", [photo(), pdf()], ids=["picture", "PDF"])
def test_full_disk_is_an_internal_error_and_retried(alice, stored_names, patch_decoder, content):
    patch_decoder(FULL_DISK)
    upload = process(alice, content)
    assert (upload.job.state, upload.job.error_code, upload.job.attempt) == (State.FAILED, "internal", 3)
    assert upload.metadata == {}
    assert stored_names() == ["original"]


@pytest.mark.parametrize("content", [photo(), pdf()], ids=["picture", "PDF"])
def test_rendition_over_the_size_limit_fails_its_job_and_the_next_job_succeeds(
    alice, stored_names, patch_decoder, content
):
    patch_decoder("decoder.FILE_BYTES = 10")
    upload = process(alice, content)
    assert (upload.job.state, upload.job.error_code, upload.job.attempt) == (State.FAILED, "picture_too_demanding", 1)
    assert "disk space" in upload.problem
    assert stored_names() == ["original"]
    patch_decoder("pass")
    assert process(alice, photo()).job.state == State.SUCCEEDED


def test_decoder_cannot_write_a_large_file_open_many_files_or_start_processes(tmp_path, replace_decoder):
    replace_decoder(GREEDY_DECODER)
    with decoding("image/png", tmp_path / "file", tmp_path) as running:
        assert list(running.messages(keep_waiting)) == [
            {"file size": "EFBIG"},
            {"open files": "EMFILE"},
            {"processes": "EAGAIN"},
        ]


def test_process_forked_by_the_decoder_is_killed_when_the_decoder_exits(tmp_path, replace_decoder):
    replace_decoder(FORKING_DECODER)
    with decoding("image/png", tmp_path / "file", tmp_path) as running:
        messages = running.messages(keep_waiting)
        handle = os.pidfd_open(next(messages)["forked"])
        try:
            running._process.stdin.write(b"x")
            assert list(messages) == []
            assert select.select([handle], [], [], 10)[0] == [handle]  # SIGKILL takes effect a moment after it is sent
        finally:
            os.close(handle)


@pytest.mark.parametrize("limit", ["MEMORY_BYTES = 150 * 2**20", "CPU_SECONDS = 1"])
def test_picture_over_a_resource_limit_fails_its_job_and_the_next_job_succeeds(
    alice, stored_names, patch_decoder, large_picture, limit
):
    patch_decoder(f"decoder.{limit}")
    upload = process(alice, large_picture)
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "picture_too_demanding")
    assert "memory, time or disk space" in upload.problem
    assert stored_names() == ["original"]
    patch_decoder("pass")
    assert process(alice, photo()).job.state == State.SUCCEEDED


def test_slow_page_fails_the_job(alice, stored_names, patch_decoder):
    patch_decoder("decoder.CPU_SECONDS = 1")
    upload = process(alice, pdf(pages=2, content=b"0 0 m 900 900 l S " * 600_000))
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "picture_too_demanding")
    assert upload.metadata["pages"] == 2
    assert "memory, time or disk space" in upload.problem
    assert stored_names() == ["original"]


def test_decoder_gets_no_environment_variables(tmp_path, replace_decoder, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "secret")
    replace_decoder("import json, os; print(json.dumps(dict(os.environ)))")
    with decoding("image/png", tmp_path / "file", tmp_path) as running:
        (environment,) = running.messages(keep_waiting)
    assert set(environment) - {"LC_CTYPE"} == {"PYTHONDONTWRITEBYTECODE", "PYTHONSAFEPATH"}


def test_decoder_is_killed_with_its_parent(large_file, tmp_path):
    """The kernel kills it, because a killed worker can't."""
    reader, writer = os.pipe()
    parent = os.fork()
    if parent == 0:
        with decoding("image/png", large_file, tmp_path) as running:
            next(running.messages(keep_waiting))
            os.write(writer, str(running._process.pid).encode())
            signal.pause()
    grandchild = int(os.read(reader, 20))
    os.kill(parent, signal.SIGSTOP)  # a stopped process closes no file descriptor
    handle = os.pidfd_open(grandchild)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert select.select([handle], [], [], 10)[0] == [handle]
    for descriptor in (reader, writer, handle):
        os.close(descriptor)
