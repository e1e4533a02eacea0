"""Unmodified tus clients: tuspy, and tus-js-client in Node."""

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
from tests.faults.conftest import using_database
from tests.faults.web import MEGABYTE, Visitor, Web, running_web
from tests.paths import ROOT
from uploads.models import Transfer, Upload

CLIENT_TIMEOUT_SECONDS = 600


@pytest.fixture(scope="module")
def web(tmp_path_factory, sqlite_template, django_db_blocker) -> Iterator[Web]:
    """One server for all tests here. A test that kills it restarts it."""
    state_dir = tmp_path_factory.mktemp("web")
    database_url = f"sqlite:///{shutil.copy(sqlite_template, state_dir / 'headway.sqlite3')}"
    with django_db_blocker.unblock(), using_database(database_url), running_web(state_dir, database_url) as web:
        yield web


@pytest.fixture
def file(tmp_path) -> Path:
    """A file of 20 random megabytes."""
    path = tmp_path / "noise.bin"
    path.write_bytes(random.randbytes(20 * MEGABYTE))
    return path


def uploaded_content(visitor: Visitor, web: Web) -> bytes:
    """Return the content of the visitor's only upload, and assert that no temporary files are left."""
    upload = Upload.objects.get(owner=visitor.user)
    assert upload.name == "noise.bin"
    assert list(Transfer.objects.filter(owner=visitor.user)) == [upload.transfer]
    assert not list((web.state_dir / "incoming").iterdir())
    return visitor.download(web, f"/api/tus/{upload.pk}")


class TestTuspy:
    def uploader(self, visitor, web, stream, **options):
        client = TusClient(f"http://localhost:{web.port}/api/tus", headers=visitor.headers(web))
        options = {"metadata": {"filename": "noise.bin"}, "chunk_size": 3 * MEGABYTE} | options
        return client.uploader(file_stream=stream, **options)

    @pytest.mark.parametrize("upload_checksum", [False, True])
    def test_uploads_in_chunks(self, visitor, web, file, upload_checksum):
        with file.open("rb") as stream:
            self.uploader(visitor, web, stream, upload_checksum=upload_checksum).upload()
        assert uploaded_content(visitor, web) == file.read_bytes()

    def test_another_client_continues_the_upload(self, visitor, web, file):
        with file.open("rb") as stream:
            first = self.uploader(visitor, web, stream)
            first.upload(stop_at=7 * MEGABYTE)
            assert not Upload.objects.filter(owner=visitor.user).exists()
            second = self.uploader(visitor, web, stream, url=first.url)
            assert second.offset == 7 * MEGABYTE
            second.upload()
        assert uploaded_content(visitor, web) == file.read_bytes()


class TestTusJsClient:
    def start(self, visitor, port: int, web, file, **options) -> subprocess.Popen:
        options["headers"] = visitor.headers(web)
        command = ["node", "send.mjs", f"http://localhost:{port}/api/tus", str(file), json.dumps(options)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=ROOT / "tests" / "node", **pipes)

    def received_bytes(self, visitor) -> int:
        return sum(Transfer.objects.filter(owner=visitor.user).values_list("offset", flat=True))

    def wait(self, client: subprocess.Popen) -> str:
        """Wait until the client has finished. Return the URL that it prints."""
        out, error = client.communicate(timeout=CLIENT_TIMEOUT_SECONDS)
        assert client.returncode == 0, error
        return out.strip()

    @pytest.mark.parametrize(
        "options",
        [{}, {"chunkSize": 3 * MEGABYTE}, {"uploadDataDuringCreation": True}, {"overridePatchMethod": True}],
        ids=["in one request", "in chunks", "with the creation", "by POST"],
    )
    def test_uploads_with_each_option(self, visitor, web, file, options):
        url = self.wait(self.start(visitor, web.port, web, file, **options))
        assert url == f"http://localhost:{web.port}/api/tus/{Upload.objects.get(owner=visitor.user).pk}"
        assert uploaded_content(visitor, web) == file.read_bytes()

    def test_uploads_without_a_known_length(self, visitor, web, file):
        options = {"uploadLengthDeferred": True, "chunkSize": 3 * MEGABYTE}
        self.wait(self.start(visitor, web.port, web, file, **options))
        assert uploaded_content(visitor, web) == file.read_bytes()

    def test_uploads_three_parts_concurrently(self, visitor, web, file):
        self.wait(self.start(visitor, web.port, web, file, parallelUploads=3))
        assert uploaded_content(visitor, web) == file.read_bytes()

    @pytest.mark.parametrize("parts", [1, 3])
    def test_continues_after_the_server_was_killed_twice(self, visitor, web, file, parts):
        slow = {"chunkSize": MEGABYTE // 4, "parallelUploads": parts}
        client = self.start(visitor, web.port, web, file, **slow)
        for received in (2 * MEGABYTE, 6 * MEGABYTE):
            wait_until(lambda received=received: self.received_bytes(visitor) > received)
            web.kill()
            web.start()
        self.wait(client)
        assert uploaded_content(visitor, web) == file.read_bytes()

    def test_continues_after_fifty_disconnects(self, visitor, web, tmp_path):
        file = tmp_path / "noise.bin"
        file.write_bytes(random.randbytes(64 * MEGABYTE))
        with cutting_proxy(web.port, cuts=50, max_bytes=2 * MEGABYTE) as proxy:
            client = self.start(visitor, proxy.port, web, file)
            self.wait(client)
            assert proxy.cuts == 50
        assert uploaded_content(visitor, web) == file.read_bytes()
