"""Files at work in a real cluster: cancelled, and killed, while the decoder is at them."""

from pathlib import Path

import pytest

from progress.models import State
from progress.tasks import cancel_job
from progress.worker import processes
from tests.faults.cluster import Cluster, kill, wait_until
from tests.helpers import file, files_below, photo
from uploads.models import Upload
from uploads.receiving import ingest


@pytest.fixture(scope="module")
def large() -> bytes:
    """A picture that takes a second to decode."""
    return photo(12_000, 12_000, format="PNG", compress_level=1)


@pytest.fixture
def upload(alice, large) -> Upload:
    return ingest.create_upload(alice, file(large, "large.png"))


def decoder_of(cluster: Cluster) -> processes.Process:
    """Waits for it."""
    worker = cluster.busy()
    return wait_until(lambda: [process for process in processes.everybody() if process.parent == worker])[0]


def has_ended(process: processes.Process) -> bool:
    return not any(other.pid == process.pid and other.began == process.began for other in processes.everybody())


def kept(state_dir: Path) -> list[str]:
    return [Path(name).name for name in files_below(state_dir / "media")]


def test_a_cancel_reaches_the_decoder(cluster, upload, state_dir):
    decoder = decoder_of(cluster)
    cancel_job(upload.job)
    cluster.wait_for(upload.job, State.CANCELLED)
    wait_until(lambda: has_ended(decoder))
    assert kept(state_dir) == ["original"]
    assert list((state_dir / "tmp").iterdir()) == []


def test_a_decoder_dies_with_its_worker_and_the_job_is_done_again(cluster, upload, state_dir):
    decoder = decoder_of(cluster)
    kill(decoder.parent)
    wait_until(lambda: has_ended(decoder))
    job = cluster.wait_for(upload.job, State.SUCCEEDED, seconds=60)
    assert job.attempt == 2
    assert kept(state_dir) == ["1920.webp", "320.webp", "960.webp", "original"]
    assert list((state_dir / "tmp").iterdir()) == []


def test_a_decoder_that_is_killed_hurts_nobody_else(cluster, alice, upload):
    decoder = decoder_of(cluster)
    kill(decoder.pid)
    job = cluster.wait_for(upload.job, State.FAILED)
    assert (job.error_code, job.attempt) == ("picture_too_demanding", 1)
    wait_until(lambda: decoder.parent in cluster.idle())  # the worker lives
    others = [ingest.create_upload(alice, file(photo())) for _ in range(4)]
    for other in others:
        cluster.wait_for(other.job, State.SUCCEEDED)
