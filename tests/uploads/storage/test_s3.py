"""Storage in a bucket of OpenStack Swift: writing, signed URLs, deletion, and outages of the server."""

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from config.accounts.export.tasks import export_everything
from config.object_store import ObjectStore
from progress.models import Job, State, Worker
from tests import swift
from tests.helpers import body, file, files_below, make_todo, photo, problem, run_queue
from tests.paths import ROOT
from tests.swift import PREFIX
from tests.uploads.receiving.tus import create_transfer, offset, patch
from todos.formats import FORMATS
from uploads.models import Upload
from uploads.receiving import ingest
from uploads.storage import fsck
from uploads.storage.directory import StorageUnavailable

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("swift")]


@pytest.fixture(scope="session")
def swift_server(tmp_path_factory) -> Iterator[swift.Server]:
    with swift.server(tmp_path_factory.mktemp("swift")) as server:
        yield server


@pytest.fixture
def bucket(swift_server, settings, state_dir: Path) -> Iterator[swift.Bucket]:
    """Return a new bucket, which is the default storage during the test."""
    with swift_server.bucket() as bucket:
        options = ObjectStore.from_url(bucket.url).options
        settings.STORAGES = settings.STORAGES | {
            "default": {"BACKEND": "uploads.storage.s3.Bucket", "OPTIONS": options}
        }
        yield bucket
        default_storage.connection.meta.client.close()  # otherwise it stays open until the process ends


def fetch(url: str, method: str = "GET", **headers: str):
    return urlopen(Request(url, method=method, headers=headers), timeout=10)


def error_status(url: str, method: str = "GET") -> int:
    """Return the status of an error response. Any other response is a failure."""
    with pytest.raises(HTTPError) as caught:
        fetch(url, method)
    caught.value.close()
    return caught.value.code


def test_empty_file_is_stored_and_processed(as_alice, bucket):
    url = create_transfer(as_alice, 0)
    assert as_alice.post("/api/uploads/", {"file": file(b"", "empty.txt")}).status_code == 202
    run_queue()
    for upload in Upload.objects.all():
        assert (upload.size, upload.sha256) == (0, hashlib.sha256(b"").hexdigest())
        assert fetch(as_alice.get(f"/uploads/{upload.pk}/download/")["Location"]).read() == b""
    assert offset(as_alice, url) == 0


def test_export_is_stored_and_downloaded(as_alice, alice, bucket):
    make_todo(owner=alice)
    content = os.urandom(20_000_000)  # the archive is sent in more than one part
    as_alice.post("/api/uploads/", {"file": file(content, "random.bin")})
    as_alice.post("/accounts/settings/", {"section": "export"})
    run_queue()
    assert Job.objects.get(task=export_everything.name).state == State.SUCCEEDED
    response = fetch(as_alice.get("/accounts/settings/export/")["Location"])
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    with zipfile.ZipFile(io.BytesIO(response.read())) as archive:
        assert archive.namelist() == ["to-dos.json", "files/random.bin"]
        assert archive.read("files/random.bin") == content


def test_selected_files_are_downloaded_as_zip(as_alice, alice, bucket, state_dir):
    contents = {"a.bin": os.urandom(700_000), "b.txt": b"b", "empty": b""}
    uploads = [ingest.create_upload(alice, file(content, name)) for name, content in contents.items()]
    lost = ingest.create_upload(alice, file(b"lost", "lost.txt"))
    default_storage.delete(lost.file.name)
    selected = {"file": [str(upload.pk) for upload in (*uploads, lost)]}
    response = as_alice.post("/uploads/selected/download/", selected)
    content = body(response)
    assert int(response["Content-Length"]) == len(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == contents
    assert files_below(state_dir) == []


def test_checksum_of_a_part_of_a_finished_file_is_computed(as_alice, bucket):
    url = create_transfer(as_alice, 5)
    patch(as_alice, url, 0, b"hello")
    response = as_alice.get(f"{url}/checksum?start=1&end=4").json()
    assert response["sha256"] == hashlib.sha256(b"ell").hexdigest()


@pytest.fixture
def upload(alice, bucket) -> Upload:
    return ingest.create_upload(alice, file(b"0123456789", 'hölly "1".txt'))


@pytest.fixture
def signed_url(as_alice, upload) -> str:
    """Return the signed URL to which the download redirects."""
    return as_alice.get(f"/uploads/{upload.pk}/download/")["Location"]


def test_posted_file_is_stored_only_in_the_bucket(as_alice, bucket, state_dir):
    response = as_alice.post("/api/uploads/", {"file": file(photo(), "holiday.jpg")})
    assert response.status_code == 202
    upload = Upload.objects.get()
    assert bucket.names() == [f"{PREFIX}/uploads/{upload.pk}/original"]
    assert bucket.read(bucket.names()[0]) == photo()
    assert bucket.head(bucket.names()[0])["ContentType"] == "application/octet-stream"
    assert files_below(state_dir) == []


def test_file_sent_by_tus_is_stored_when_it_is_complete(as_alice, bucket, state_dir):
    url = create_transfer(as_alice)
    patch(as_alice, url, 0, b"hello")
    assert bucket.names() == []
    assert patch(as_alice, url, 5, b" world").status_code == 204
    assert [bucket.read(name) for name in bucket.names()] == [b"hello world"]
    assert files_below(state_dir) == []


def test_processing_reads_from_the_bucket_and_writes_to_it(as_alice, alice, bucket, state_dir):
    upload = ingest.create_upload(alice, file(photo(400, 300), "holiday.jpg"))
    run_queue()
    upload.refresh_from_db()
    assert upload.job.state == State.SUCCEEDED
    assert len(upload.sha256) == 64
    assert bucket.names() == [f"{PREFIX}/uploads/{upload.pk}/{name}" for name in ("320.webp", "400.webp", "original")]
    assert files_below(state_dir) == []
    response = as_alice.get(f"/uploads/{upload.pk}/1/320.webp")
    assert response["Cache-Control"] == "private, max-age=150"
    with fetch(response["Location"]) as picture:
        assert picture.headers["Content-Type"] == "image/webp"
        assert picture.headers["Cache-Control"] == "private, max-age=86400"
        assert picture.read().startswith(b"RIFF")


@pytest.mark.parametrize("name", FORMATS)
def test_import_reads_a_file_of_each_format_from_the_bucket(as_alice, alice, bucket, state_dir, name):
    make_todo(owner=alice, title="Buy milk")
    exported = body(as_alice.get(f"/api/todos/export/?format={name}"))
    alice.todos.all().delete()
    as_alice.post("/api/todos/import/", {"file": file(exported, f"todos.{name}")})
    run_queue()
    upload = Upload.objects.get()
    assert (upload.job.state, upload.job.error_message) == (State.SUCCEEDED, "")
    assert upload.sha256 == hashlib.sha256(exported).hexdigest()
    assert [todo.title for todo in alice.todos.all()] == ["Buy milk"]
    assert bucket.names() == [f"{PREFIX}/uploads/{upload.pk}/original"]
    assert files_below(state_dir) == []


def test_download_redirects_to_an_attachment_in_the_bucket(as_alice, upload):
    response = as_alice.get(f"/uploads/{upload.pk}/download/")
    assert response.status_code == 302
    assert response["Cache-Control"] == "private, no-store"
    with fetch(response["Location"]) as stored:
        assert stored.read() == b"0123456789"
        assert stored.headers["Content-Type"] == "application/octet-stream"
        assert stored.headers["Content-Disposition"] == "attachment; filename*=utf-8''h%C3%B6lly%20%221%22.txt"


def test_signed_urls_support_ranges_and_head(as_alice, upload, signed_url):
    with fetch(signed_url, Range="bytes=2-4") as part:
        assert part.status == 206
        assert part.read() == b"234"
    head = as_alice.head(f"/uploads/{upload.pk}/download/")["Location"]
    with fetch(head, "HEAD") as response:
        assert response.headers["Content-Length"] == "10"


def test_url_without_signature_is_rejected(signed_url):
    assert error_status(urlunsplit(urlsplit(signed_url)._replace(query=""))) in (400, 401, 403)


def test_signature_is_valid_for_one_object_method_and_disposition(signed_url, upload):
    assert error_status(signed_url.replace("attachment", "inline")) == 403
    assert error_status(signed_url.replace("/original", "/320.webp")) == 403
    assert error_status(signed_url, "DELETE") == 403
    assert default_storage.exists(upload.file.name)


def test_signature_expires_after_five_minutes(as_alice, upload):
    for age, status in ((4, 200), (6, 403)):
        with time_machine.travel(datetime.now(UTC) - timedelta(minutes=age)):
            url = as_alice.get(f"/uploads/{upload.pk}/download/")["Location"]
        if status == 200:
            fetch(url).close()
        else:
            assert error_status(url) == status


def test_other_users_get_no_signed_url(as_bob, visitor, upload):
    assert as_bob.get(f"/uploads/{upload.pk}/download/").status_code == 404
    assert "/accounts/login/" in visitor.get(f"/uploads/{upload.pk}/download/")["Location"]


def test_objects_are_deleted_when_the_deletion_of_their_upload_is_committed(
    alice, bucket, django_capture_on_commit_callbacks
):
    upload = ingest.create_upload(alice, file(photo(), "holiday.jpg"))
    run_queue()
    with django_capture_on_commit_callbacks(execute=True):
        upload.delete()
        assert len(bucket.names()) == 3
    assert bucket.names() == []


def test_second_save_overwrites_the_object(bucket):
    for content in (b"old", b"new"):
        assert default_storage.save("uploads/x/original", ContentFile(content)) == "uploads/x/original"
    assert bucket.read(f"{PREFIX}/uploads/x/original") == b"new"
    assert len(bucket.names()) == 1


def test_fsck_finds_objects_without_rows_and_rows_without_objects(upload, bucket, monkeypatch):
    monkeypatch.setattr(fsck, "MIN_AGE", timedelta(minutes=-1))
    default_storage.save("uploads/x/original", ContentFile(b"orphaned"))
    default_storage.delete(upload.file.name)
    findings = {finding.text: finding for finding in fsck.check()}
    assert set(findings) == {
        "uploads/x/original: belongs to no upload",
        f"{upload.file.name}: this file of alice's is lost",
    }
    for finding in findings.values():
        finding.repair()
    assert bucket.names() == []


def test_object_is_read_as_a_stream(bucket, state_dir):
    default_storage.save("uploads/x/original", ContentFile(b"0123456789" * 100_000))
    with default_storage.open("uploads/x/original") as stored:
        assert stored.read(3) == b"012"
        assert files_below(state_dir) == []
        assert len(stored.read()) == 999_997
        assert stored.read() == b""


def test_missing_object_is_a_missing_file(bucket):
    assert not default_storage.exists("uploads/x")
    default_storage.delete("uploads/x")
    for function in (default_storage.open, default_storage.size, default_storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            function("uploads/x")


SAVE_LARGE_FILE = """
import resource, sys, tempfile, django; django.setup()
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.files.base import ContentFile
default_storage.save("small", ContentFile(b"x"))
with tempfile.TemporaryFile() as sparse:
    sparse.truncate(200 * 1024 ** 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    default_storage.save("large", File(sparse))
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
"""Prints by how many MiB the peak of the used memory rises while 200 MiB are stored."""


def test_large_file_is_stored_in_parts_with_one_part_in_memory(bucket, state_dir):
    environment = {"DEBUG": "true", "STATE_DIR": str(state_dir), "STORAGE_URL": bucket.url}
    environment |= {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings"}
    result = subprocess.run(
        [sys.executable, "-c", SAVE_LARGE_FILE], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) <= 48  # MiB
    head = bucket.head(f"{PREFIX}/large")
    assert head["ContentLength"] == 200 * 1024**2
    assert head["ETag"].strip('"').endswith("-13")


@pytest.fixture
def restart_swift(swift_server, bucket):
    """Stop the server. Return a function that starts it again."""
    swift_server.stop()
    is_running = False

    def restart():
        nonlocal is_running
        swift_server.start()
        is_running = True

    yield restart
    if not is_running:
        swift_server.start()


def test_posted_file_returns_503_during_an_outage(as_alice, restart_swift, bucket, state_dir):
    for url in ("/api/uploads/", "/uploads/"):
        response = as_alice.post(url, {"file": file()})
        assert response.status_code == 503
        assert "can't do this at the moment" in unescape(response.text)
        assert "Traceback" not in response.text
        assert "127.0.0.1" not in response.text
        if url == "/api/uploads/":
            problem(response, 503)
    assert not Upload.objects.exists()
    assert not Job.objects.exists()
    assert files_below(state_dir) == []
    restart_swift()
    assert as_alice.post("/api/uploads/", {"file": file()}).status_code == 202
    assert len(bucket.names()) == 1


def test_bytes_sent_by_tus_are_kept_during_an_outage(as_alice, restart_swift, bucket, state_dir):
    url = create_transfer(as_alice)
    patch(as_alice, url, 0, b"hello")
    problem(patch(as_alice, url, 5, b" world"), 503)
    assert not Upload.objects.exists()
    acknowledged = offset(as_alice, url)
    restart_swift()
    assert patch(as_alice, url, acknowledged, b"hello world"[acknowledged:]).status_code == 204
    assert [bucket.read(name) for name in bucket.names()] == [b"hello world"]
    assert files_below(state_dir) == []


def test_upload_can_be_deleted_during_an_outage(
    as_alice, upload, restart_swift, bucket, django_capture_on_commit_callbacks, caplog
):
    with django_capture_on_commit_callbacks(execute=True):
        upload.delete()
    assert not Upload.objects.exists()
    assert "EndpointConnectionError" in caplog.text
    restart_swift()
    assert len(bucket.names()) == 1  # `uploads_fsck` deletes it


def test_health_check_fails_during_an_outage_and_recovers(visitor, bucket, restart_swift, monkeypatch):
    monkeypatch.setattr("uploads.storage.s3.CHECK_SECONDS", 3600)
    Worker.objects.record_heartbeat("here")
    assert visitor.get("/healthz/").json()["checks"]["storage"] == "failing"
    restart_swift()
    assert visitor.get("/healthz/").status_code == 503  # the result is cached for CHECK_SECONDS
    monkeypatch.setattr("uploads.storage.s3.CHECK_SECONDS", -1)
    assert visitor.get("/healthz/").json()["status"] == "ok"


@pytest.mark.parametrize("invalid", [{"bucket_name": "another-bucket"}, {"secret_key": "wrong"}])
def test_check_fails_with_invalid_options(bucket, settings, invalid):
    options = settings.STORAGES["default"]["OPTIONS"] | invalid
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "uploads.storage.s3.Bucket", "OPTIONS": options}}
    with pytest.raises(StorageUnavailable, match="ClientError"):
        default_storage.check()
