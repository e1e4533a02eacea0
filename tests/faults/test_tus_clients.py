"""The clients that people use for tus, as they come: tuspy, and tus-js-client under Node."""

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tusclient.client import TusClient

from tests.cutting_proxy import cutting_proxy
from tests.faults.cluster import wait_until
from tests.faults.conftest import looking_into
from tests.faults.web import MEGABYTE, Visitor, Web, running_web
from tests.paths import ROOT
from uploads.models import Transfer, Upload

PATIENCE_SECONDS = 600


@pytest.fixture(scope="module")
def web(tmp_path_factory, sqlite_template, django_db_blocker) -> Iterator[Web]:
    """One for all of them: who is killed starts again."""
    state_dir = tmp_path_factory.mktemp("web")
    database_url = f"sqlite:///{shutil.copy(sqlite_template, state_dir / 'headway.sqlite3')}"
    with django_db_blocker.unblock(), looking_into(database_url), running_web(state_dir, database_url) as web:
        yield web


@pytest.fixture
def file(tmp_path) -> Path:
    """20 MB that nobody can guess."""
    path = tmp_path / "noise.bin"
    path.write_bytes(random.randbytes(20 * MEGABYTE))
    return path


def kept(visitor: Visitor, web: Web) -> bytes:
    """The visitor's only upload, of which nothing else is left."""
    upload = Upload.objects.get(owner=visitor.user)
    assert upload.name == "noise.bin"
    assert list(Transfer.objects.filter(owner=visitor.user)) == [upload.transfer]
    assert not list((web.state_dir / "incoming").iterdir())
    return visitor.download(web, f"/api/tus/{upload.pk}")


class TestTuspy:
    def uploader(self, visitor, web, stream, **how):
        client = TusClient(f"http://localhost:{web.port}/api/tus", headers=visitor.headers(web))
        how = {"metadata": {"filename": "noise.bin"}, "chunk_size": 3 * MEGABYTE} | how
        return client.uploader(file_stream=stream, **how)

    @pytest.mark.parametrize("upload_checksum", [False, True])
    def test_in_chunks(self, visitor, web, file, upload_checksum):
        with file.open("rb") as stream:
            self.uploader(visitor, web, stream, upload_checksum=upload_checksum).upload()
        assert kept(visitor, web) == file.read_bytes()

    def test_gone_on_with_by_another_one(self, visitor, web, file):
        with file.open("rb") as stream:
            first = self.uploader(visitor, web, stream)
            first.upload(stop_at=7 * MEGABYTE)
            assert not Upload.objects.filter(owner=visitor.user).exists()
            second = self.uploader(visitor, web, stream, url=first.url)
            assert second.offset == 7 * MEGABYTE
            second.upload()
        assert kept(visitor, web) == file.read_bytes()


class TestTusJsClient:
    def start(self, visitor, port: int, web, file, **options) -> subprocess.Popen:
        options["headers"] = visitor.headers(web)
        command = ["node", "send.mjs", f"http://localhost:{port}/api/tus", str(file), json.dumps(options)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=ROOT / "tests" / "node", **pipes)

    def arrived(self, visitor) -> int:
        return sum(Transfer.objects.filter(owner=visitor.user).values_list("offset", flat=True))

    def end(self, client: subprocess.Popen) -> str:
        """The URL that it prints."""
        out, error = client.communicate(timeout=PATIENCE_SECONDS)
        assert client.returncode == 0, error
        return out.strip()

    @pytest.mark.parametrize(
        "options",
        [{}, {"chunkSize": 3 * MEGABYTE}, {"uploadDataDuringCreation": True}, {"overridePatchMethod": True}],
        ids=["in one request", "in chunks", "with the creation", "by POST"],
    )
    def test_as_it_comes(self, visitor, web, file, options):
        url = self.end(self.start(visitor, web.port, web, file, **options))
        assert url == f"http://localhost:{web.port}/api/tus/{Upload.objects.get(owner=visitor.user).pk}"
        assert kept(visitor, web) == file.read_bytes()

    def test_of_unknown_length(self, visitor, web, file):
        how = {"uploadLengthDeferred": True, "chunkSize": 3 * MEGABYTE}
        self.end(self.start(visitor, web.port, web, file, **how))
        assert kept(visitor, web) == file.read_bytes()

    def test_in_three_parts_at_once(self, visitor, web, file):
        self.end(self.start(visitor, web.port, web, file, parallelUploads=3))
        assert kept(visitor, web) == file.read_bytes()

    @pytest.mark.parametrize("parts", [1, 3])
    def test_while_the_server_is_killed(self, visitor, web, file, parts):
        """Twice, in the middle of a request; the client is told nothing."""
        slow = {"chunkSize": MEGABYTE // 4, "parallelUploads": parts}
        client = self.start(visitor, web.port, web, file, **slow)
        for so_far in (2 * MEGABYTE, 6 * MEGABYTE):
            wait_until(lambda so_far=so_far: self.arrived(visitor) > so_far)
            web.kill()
            web.start()
        self.end(client)
        assert kept(visitor, web) == file.read_bytes()

    def test_through_fifty_cuts(self, visitor, web, tmp_path):
        file = tmp_path / "noise.bin"
        file.write_bytes(random.randbytes(64 * MEGABYTE))
        with cutting_proxy(web.port, cuts=50, max_bytes=2 * MEGABYTE) as proxy:
            client = self.start(visitor, proxy.port, web, file)
            self.end(client)
            assert proxy.cuts == 50
        assert kept(visitor, web) == file.read_bytes()
