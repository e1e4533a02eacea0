"""Upgrades from 0.1.0: stored dotted paths, waiting jobs, sessions and unfinished transfers."""

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule

from progress.models import Job, State
from tests.faults.cluster import Cluster, wait_until
from tests.faults.conftest import using_database
from tests.paths import ROOT

OLD_COMMIT = "62dd63e368e5dba092415373c9c0d283d0c0351c"

SCRIPTS = ROOT / "tests" / "faults"


@pytest.fixture(scope="module")
def old_release(tmp_path_factory) -> Path:
    """The files of 0.1.0, whose modules had other names."""
    archive = subprocess.run(["git", "archive", OLD_COMMIT], cwd=ROOT, capture_output=True, check=False)
    assert archive.returncode == 0, "This test needs the history of the repository: git fetch --unshallow"
    directory = tmp_path_factory.mktemp("old-release")
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(directory, filter="data")
    return directory


@pytest.fixture
def stopped_cluster(tmp_path, empty_database_url, django_db_blocker) -> Iterator[Cluster]:
    with django_db_blocker.unblock(), using_database(empty_database_url):
        yield Cluster(tmp_path, empty_database_url)


def run(release: Path, cluster: Cluster, *arguments: str) -> str:
    """Run Python in a release, with the settings of the cluster. Return its output."""
    environment = cluster.environment | {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(release)}
    done = subprocess.run([sys.executable, *arguments], cwd=release, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def migrate(release: Path, cluster: Cluster) -> None:
    run(release, cluster, "manage.py", "migrate", "--verbosity", "0")


def assert_schedules_name_existing_functions() -> None:
    functions = set(Schedule.objects.values_list("func", flat=True))
    assert functions
    assert all(callable(import_string(function)) for function in functions)


def test_upgrade_keeps_data_and_runs_waiting_jobs(old_release, stopped_cluster):
    cluster = stopped_cluster
    migrate(old_release, cluster)
    assert_schedules_name_existing_functions()
    old: dict[str, Any] = json.loads(run(old_release, cluster, str(SCRIPTS / "upgrade_before.py")))
    assert OrmQ.objects.count() == 2

    migrate(ROOT, cluster)
    cluster.start()
    try:
        for job in Job.objects.filter(pk__in=old["jobs"]):
            assert cluster.wait_for(job, State.SUCCEEDED, State.FAILED).state == State.SUCCEEDED
        new = json.loads(run(ROOT, cluster, str(SCRIPTS / "upgrade_after.py"), json.dumps(old)))
        wait_until(lambda: not Job.objects.unfinished().exists())
    finally:
        cluster.stop()

    assert new["user"] == {"username": "alice"}
    assert sorted(new["todos"]) == ["First", "Imported", "Second", "Third"]
    assert [rendition["width"] for rendition in new["upload"]["renditions"]] == [320, 400]
    assert (new["offset"], new["patched"], new["notes"]) == ("5", 204, "0123456789")
