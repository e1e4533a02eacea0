"""Processing of uploads in a real cluster: cancel a job, and kill its processes, while its decoder is running."""

from pathlib import Path

import pytest

from progress.models import State
from progress.tasks import cancel_job
from progress.worker import processes
from tests.faults.cluster import Cluster, child_processes, kill, wait_until
from tests.helpers import file, files_below, photo
from uploads.models import Upload
from uploads.receiving import ingest

pytestmark = pytest.mark.xdist_group("decoder")  # the picture is encoded once


@pytest.fixture(scope="module")
def large() -> bytes:
    """A picture that takes about a second to decode."""
    return photo(12_000, 12_000, format="PNG", compress_level=1)


@pytest.fixture
def upload(alice, large) -> Upload:
    return ingest.create_upload(alice, file(large, "large.png"))


def running_decoder(cluster: Cluster) -> processes.Process:
    """Wait until a worker has started a decoder. Return the decoder."""
    worker = cluster.busy_worker()
    return wait_until(lambda: child_processes(worker))[0]


def has_ended(process: processes.Process) -> bool:
    return not any(other.pid == process.pid and other.began == process.began for other in processes.all_processes())


def stored_files(state_dir: Path) -> list[str]:
    return [Path(name).name for name in files_below(state_dir / "media")]


def test_cancelled_job_ends_its_decoder(cluster, upload, state_dir):
    decoder = running_decoder(cluster)
    cancel_job(upload.job)
    cluster.wait_for(upload.job, State.CANCELLED)
    wait_until(lambda: has_ended(decoder))
    assert stored_files(state_dir) == ["original"]
    assert list((state_dir / "tmp").iterdir()) == []


def test_decoder_ends_with_its_killed_worker_and_the_job_runs_again(cluster, upload, state_dir):
    decoder = running_decoder(cluster)
    kill(decoder.parent)
    wait_until(lambda: has_ended(decoder))
    job = cluster.wait_for(upload.job, State.SUCCEEDED, seconds=60)
    assert job.attempt == 2
    assert stored_files(state_dir) == ["1920.webp", "320.webp", "960.webp", "original"]
    assert list((state_dir / "tmp").iterdir()) == []


def test_killed_decoder_fails_only_its_own_job(cluster, alice, upload):
    decoder = running_decoder(cluster)
    kill(decoder.pid)
    job = cluster.wait_for(upload.job, State.FAILED)
    assert (job.error_code, job.attempt) == ("picture_too_demanding", 1)
    wait_until(lambda: decoder.parent in cluster.idle_workers())  # the worker is still running
    others = [ingest.create_upload(alice, file(photo())) for _ in range(4)]
    for other in others:
        cluster.wait_for(other.job, State.SUCCEEDED)
