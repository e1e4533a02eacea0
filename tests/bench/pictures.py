"""Preview of photos: a whole job against a script that does nothing else, and what a second worker is worth.

The photos are made of noise and gradients, so that they are about as large as real ones, and as hard to encode.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Max, Min
from PIL import Image

from progress.models import Job, State
from progress.reporter import Progress
from tests.bench.databases import Databases, using
from tests.bench.peers import OURS, Ours
from tests.bench.results import Result
from tests.bench.size import size
from tests.faults.cluster import START_SECONDS, wait_until
from tests.paths import ROOT
from uploads.decoding.preview import Preview
from uploads.kinds import PICTURE
from uploads.models import Rendition
from uploads.receiving import ingest

KIND = "sqlite"
LARGE = size((12_000, 9_000), quick=(2_400, 1_800))
PHOTO = size((4_000, 3_000), quick=(2_400, 1_800))
PHOTOS = size(100, quick=4)
LONGEST_SECONDS = 300
MOST_BYTES = 200 * 10**6
ROUNDS = size(5, quick=1)
LONG_ROUNDS = size(2, quick=1)
"""Of what others on the machine disturb, the best of so many is taken."""

ALONE = Ours("alone")


def measure(databases: Databases) -> Iterator[Result]:
    """On SQLite: the database has little to do with it."""
    large = photo(databases.directory / "large.jpg", LARGE)
    ours, bare = job_and_script(databases, large)
    yield Result(
        f"pictures: {LARGE[0] * LARGE[1] // 10**6} megapixels / a bare script", KIND, ours, bare, "s", most=1.5
    )
    peak = peak_bytes(databases, large)
    yield Result("pictures: peak memory of the decoder", "", peak / 10**6, MOST_BYTES / 10**6, "MB", most=1)

    usual = photo(databases.directory / "usual.jpg", PHOTO)
    rounds = [[photos_a_second(workers, databases, usual) for workers in (ALONE, OURS)] for _ in range(LONG_ROUNDS)]
    one, two = (max(measured) for measured in zip(*rounds, strict=True))
    yield Result(f"pictures: {PHOTOS} photos, two workers / one", KIND, two, one, "photos/s", least=1.6)


def photo(path: Path, size: tuple[int, int]) -> Path:
    """A baseline JPEG, kept at that path."""
    noise = Image.effect_noise((size[0] // 4, size[1] // 4), 60).resize(size)
    gradients = (Image.linear_gradient("L"), Image.radial_gradient("L"), Image.linear_gradient("L").rotate(90))
    Image.merge("RGB", [Image.blend(noise, one.resize(size), 0.6) for one in gradients]).save(path, quality=88)
    return path


def job_and_script(databases: Databases, source: Path) -> tuple[float, float]:
    """The seconds that a worker is at the job, with all that belongs to it, and those of the script."""
    url = databases.new(KIND)
    with using(url):
        OURS.prepare()
        owner = User.objects.get()
        with OURS.working(url, log=databases.directory / "pictures.log"):
            rounds = [(seconds_of_job(owner, source), seconds_of_script(databases, source)) for _ in range(ROUNDS)]
    ours, bare = (min(seconds) for seconds in zip(*rounds, strict=True))
    return ours, bare


def seconds_of_job(owner: User, source: Path) -> float:
    job = enqueue(owner, source)
    wait_until(lambda: Job.objects.get(pk=job.pk).is_finished, START_SECONDS)
    job.refresh_from_db()
    assert job.state == State.SUCCEEDED, job.error_message
    return (job.finished_at - job.started_at).total_seconds()


def seconds_of_script(databases: Databases, source: Path) -> float:
    directory = databases.directory / "bare"
    directory.mkdir(exist_ok=True)
    began_at = time.monotonic()
    command = [sys.executable, str(ROOT / "tests/bench/bare_pictures.py"), str(source), str(directory)]
    subprocess.run(command, check=True)
    return time.monotonic() - began_at


def peak_bytes(databases: Databases, source: Path) -> float:
    """The most memory that the decoder has had, asked in a process that has no other children."""
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        return pool.submit(_peak_bytes, source, databases.directory / "bare").result()


def _peak_bytes(source: Path, directory: Path) -> float:
    Preview().make(PICTURE, "image/jpeg", source, directory, Progress())
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def photos_a_second(workers: Ours, databases: Databases, source: Path) -> float:
    """With a cluster of its own; the photos are there before it is."""
    url = databases.new(KIND)
    with using(url):
        workers.prepare()
        owner = User.objects.get()
        for _ in range(PHOTOS):
            enqueue(owner, source)
        with workers.working(url, log=databases.directory / f"pictures-{workers.settings}.log"):
            wait_until(lambda: not workers.is_busy(), LONGEST_SECONDS)
        assert Rendition.objects.count() == 3 * PHOTOS
        times = Job.objects.aggregate(began_at=Min("started_at"), ended_at=Max("finished_at"))
    return PHOTOS / (times["ended_at"] - times["began_at"]).total_seconds()


def enqueue(owner: User, source: Path) -> Job:
    return ingest.create_upload(owner, SimpleUploadedFile(source.name, source.read_bytes())).job
