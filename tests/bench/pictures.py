"""Previews of photos: the duration of a job against a script without Headway, and the speed-up by a second worker.

The photos are generated from noise and gradients, so that they are about as large as real ones and as slow to encode.
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
from tests.bench.engines import HEADWAY, HeadwayEngine
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
TIMEOUT_SECONDS = 300
MAX_BYTES = 200 * 10**6
ROUNDS = size(5, quick=1)
LONG_ROUNDS = size(2, quick=1)
"""The best of several rounds counts, because other processes slow some of them down."""

ONE_WORKER = HeadwayEngine("one_worker")


def measure(databases: Databases) -> Iterator[Result]:
    """Measure on SQLite: the database affects previews little."""
    large = make_photo(databases.directory / "large.jpg", LARGE)
    job, script = seconds_of_job_and_script(databases, large)
    name = f"pictures: {LARGE[0] * LARGE[1] // 10**6} megapixels / a bare script"
    yield Result(name, KIND, job, script, "s", max_ratio=1.5)
    peak = peak_bytes(databases, large)
    yield Result("pictures: peak memory of the decoder", "", peak / 10**6, MAX_BYTES / 10**6, "MB", max_ratio=1)

    small = make_photo(databases.directory / "small.jpg", PHOTO)
    engines = (ONE_WORKER, HEADWAY)
    rounds = [[photos_per_second(engine, databases, small) for engine in engines] for _ in range(LONG_ROUNDS)]
    one, two = (max(speeds) for speeds in zip(*rounds, strict=True))
    yield Result(f"pictures: {PHOTOS} photos, two workers / one", KIND, two, one, "photos/s", min_ratio=1.6)


def make_photo(path: Path, size: tuple[int, int]) -> Path:
    """Write a baseline JPEG and return its path."""
    noise = Image.effect_noise((size[0] // 4, size[1] // 4), 60).resize(size)
    gradients = (Image.linear_gradient("L"), Image.radial_gradient("L"), Image.linear_gradient("L").rotate(90))
    channels = [Image.blend(noise, gradient.resize(size), 0.6) for gradient in gradients]
    Image.merge("RGB", channels).save(path, quality=88)
    return path


def seconds_of_job_and_script(databases: Databases, source: Path) -> tuple[float, float]:
    """Return the durations of the whole job and of the script, in seconds."""
    url = databases.create(KIND)
    with using(url):
        HEADWAY.prepare()
        owner = User.objects.get()
        with HEADWAY.running_workers(url, log=databases.directory / "pictures.log"):
            rounds = [(seconds_of_job(owner, source), seconds_of_script(databases, source)) for _ in range(ROUNDS)]
    job, script = (min(seconds) for seconds in zip(*rounds, strict=True))
    return job, script


def seconds_of_job(owner: User, source: Path) -> float:
    job = enqueue(owner, source)
    wait_until(lambda: Job.objects.get(pk=job.pk).is_finished, START_SECONDS)
    job.refresh_from_db()
    assert job.state == State.SUCCEEDED, job.error_message
    return (job.finished_at - job.started_at).total_seconds()


def seconds_of_script(databases: Databases, source: Path) -> float:
    directory = databases.directory / "bare"
    directory.mkdir(exist_ok=True)
    started_at = time.monotonic()
    command = [sys.executable, str(ROOT / "tests/bench/bare_pictures.py"), str(source), str(directory)]
    subprocess.run(command, check=True)
    return time.monotonic() - started_at


def peak_bytes(databases: Databases, source: Path) -> float:
    """Return the peak memory of the decoder. It is measured in a process without other children."""
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        return pool.submit(_peak_bytes, source, databases.directory / "bare").result()


def _peak_bytes(source: Path, directory: Path) -> float:
    Preview().make(PICTURE, "image/jpeg", source, directory, Progress())
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def photos_per_second(engine: HeadwayEngine, databases: Databases, source: Path) -> float:
    """Return the speed of a new cluster that is started after the photos were uploaded."""
    url = databases.create(KIND)
    with using(url):
        engine.prepare()
        owner = User.objects.get()
        for _ in range(PHOTOS):
            enqueue(owner, source)
        with engine.running_workers(url, log=databases.directory / f"pictures-{engine.settings}.log"):
            wait_until(lambda: not engine.is_busy(), TIMEOUT_SECONDS)
        assert Rendition.objects.count() == 3 * PHOTOS
        times = Job.objects.aggregate(first=Min("started_at"), last=Max("finished_at"))
    return PHOTOS / (times["last"] - times["first"]).total_seconds()


def enqueue(owner: User, source: Path) -> Job:
    return ingest.create_upload(owner, SimpleUploadedFile(source.name, source.read_bytes())).job
