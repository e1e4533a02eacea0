"""Files in a bucket of a real OpenStack Swift: they go there, are read there by signed URLs, and leave it again."""

import hashlib
import os
import subprocess
import sys
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
    """An empty one, in which uploads are kept instead of in the state directory."""
    with swift_server.bucket() as bucket:
        options = ObjectStore.from_url(bucket.url).options
        settings.STORAGES = settings.STORAGES | {
            "default": {"BACKEND": "uploads.storage.s3.Bucket", "OPTIONS": options}
        }
        yield bucket
        default_storage.connection.meta.client.close()  # it would be kept until the process ends


def fetch(url: str, method: str = "GET", **headers: str):
    return urlopen(Request(url, method=method, headers=headers), timeout=10)


def refused(url: str, method: str = "GET") -> int:
    with pytest.raises(HTTPError) as caught:
        fetch(url, method)
    caught.value.close()
    return caught.value.code


def test_empty_file_is_kept_and_processed(as_alice, bucket):
    url = create_transfer(as_alice, 0)
    assert as_alice.post("/api/uploads/", {"file": file(b"", "empty.txt")}).status_code == 202
    run_queue()
    for upload in Upload.objects.all():
        assert (upload.size, upload.sha256) == (0, hashlib.sha256(b"").hexdigest())
        assert fetch(as_alice.get(f"/uploads/{upload.pk}/download/")["Location"]).read() == b""
    assert offset(as_alice, url) == 0


def test_checksum_of_a_part_of_a_finished_file(as_alice, bucket):
    url = create_transfer(as_alice, 5)
    patch(as_alice, url, 0, b"hello")
    answer = as_alice.get(f"{url}/checksum?start=1&end=4").json()
    assert answer["sha256"] == hashlib.sha256(b"ell").hexdigest()


@pytest.fixture
def upload(alice, bucket) -> Upload:
    return ingest.create_upload(alice, file(b"0123456789", 'hölly "1".txt'))


@pytest.fixture
def signed(as_alice, upload) -> str:
    """Where the download leads."""
    return as_alice.get(f"/uploads/{upload.pk}/download/")["Location"]


def test_a_form_fills_the_bucket_and_leaves_nothing_on_this_machine(as_alice, bucket, state_dir):
    answer = as_alice.post("/api/uploads/", {"file": file(photo(), "holiday.jpg")})
    assert answer.status_code == 202
    upload = Upload.objects.get()
    assert bucket.names() == [f"{PREFIX}/uploads/{upload.pk}/original"]
    assert bucket.read(bucket.names()[0]) == photo()
    assert bucket.head(bucket.names()[0])["ContentType"] == "application/octet-stream"
    assert files_below(state_dir) == []


def test_a_file_that_arrives_in_pieces_goes_up_once_it_is_whole(as_alice, bucket, state_dir):
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
    answer = as_alice.get(f"/uploads/{upload.pk}/1/320.webp")
    assert answer["Cache-Control"] == "private, max-age=150"
    with fetch(answer["Location"]) as picture:
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


def test_a_download_is_fetched_from_the_store_as_an_attachment(as_alice, upload):
    answer = as_alice.get(f"/uploads/{upload.pk}/download/")
    assert answer.status_code == 302
    assert answer["Cache-Control"] == "private, no-store"
    with fetch(answer["Location"]) as stored:
        assert stored.read() == b"0123456789"
        assert stored.headers["Content-Type"] == "application/octet-stream"
        assert stored.headers["Content-Disposition"] == "attachment; filename*=utf-8''h%C3%B6lly%20%221%22.txt"


def test_the_store_sends_parts_and_headers_alone(as_alice, upload, signed):
    with fetch(signed, Range="bytes=2-4") as part:
        assert part.status == 206
        assert part.read() == b"234"
    head = as_alice.head(f"/uploads/{upload.pk}/download/")["Location"]
    with fetch(head, "HEAD") as answer:
        assert answer.headers["Content-Length"] == "10"


def test_without_its_signature_an_object_is_not_given_out(signed):
    assert refused(urlunsplit(urlsplit(signed)._replace(query=""))) in (400, 401, 403)


def test_a_signature_holds_for_one_object_and_one_way_of_sending_it(signed, upload):
    assert refused(signed.replace("attachment", "inline")) == 403
    assert refused(signed.replace("/original", "/320.webp")) == 403
    assert refused(signed, "DELETE") == 403
    assert default_storage.exists(upload.file.name)


def test_a_signature_expires_after_five_minutes(as_alice, upload):
    for age, outcome in ((4, 200), (6, 403)):
        with time_machine.travel(datetime.now(UTC) - timedelta(minutes=age)):
            url = as_alice.get(f"/uploads/{upload.pk}/download/")["Location"]
        if outcome == 200:
            fetch(url).close()
        else:
            assert refused(url) == outcome


def test_an_outsider_gets_no_url(as_bob, visitor, upload):
    assert as_bob.get(f"/uploads/{upload.pk}/download/").status_code == 404
    assert "/accounts/login/" in visitor.get(f"/uploads/{upload.pk}/download/")["Location"]


def test_deleting_an_upload_deletes_its_objects_once_that_is_committed(
    alice, bucket, django_capture_on_commit_callbacks
):
    upload = ingest.create_upload(alice, file(photo(), "holiday.jpg"))
    run_queue()
    with django_capture_on_commit_callbacks(execute=True):
        upload.delete()
        assert len(bucket.names()) == 3
    assert bucket.names() == []


def test_a_file_that_is_written_twice_is_there_once(bucket):
    for content in (b"old", b"new"):
        assert default_storage.save("uploads/x/original", ContentFile(content)) == "uploads/x/original"
    assert bucket.read(f"{PREFIX}/uploads/x/original") == b"new"
    assert len(bucket.names()) == 1


def test_objects_without_rows_and_rows_without_objects_are_found(upload, bucket, monkeypatch):
    monkeypatch.setattr(fsck, "MIN_AGE", timedelta(minutes=-1))
    default_storage.save("uploads/x/original", ContentFile(b"nobody's"))
    default_storage.delete(upload.file.name)
    findings = {finding.text: finding for finding in fsck.check()}
    assert set(findings) == {
        "uploads/x/original: belongs to no upload",
        f"{upload.file.name}: this file of alice's is lost",
    }
    for finding in findings.values():
        finding.repair()
    assert bucket.names() == []


def test_an_object_is_read_as_it_arrives(bucket, state_dir):
    default_storage.save("uploads/x/original", ContentFile(b"0123456789" * 100_000))
    with default_storage.open("uploads/x/original") as stored:
        assert stored.read(3) == b"012"
        assert files_below(state_dir) == []
        assert len(stored.read()) == 999_997
        assert stored.read() == b""


def test_an_object_that_is_not_there_is_a_file_that_is_not_there(bucket):
    assert not default_storage.exists("uploads/x")
    default_storage.delete("uploads/x")
    for ask in (default_storage.open, default_storage.size, default_storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask("uploads/x")


GROW = """
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


def test_a_large_file_goes_up_in_parts_of_which_one_is_in_memory(bucket, state_dir):
    environment = {"DEBUG": "true", "STATE_DIR": str(state_dir), "STORAGE_URL": bucket.url}
    environment |= {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-c", GROW], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= 48  # MiB
    head = bucket.head(f"{PREFIX}/large")
    assert head["ContentLength"] == 200 * 1024**2
    assert head["ETag"].strip('"').endswith("-13")


@pytest.fixture
def away(swift_server, bucket):
    """The store is gone, and comes back when it is called."""
    swift_server.stop()
    running = False

    def come_back():
        nonlocal running
        swift_server.start()
        running = True

    yield come_back
    if not running:
        swift_server.start()


def test_while_the_store_is_away_nothing_is_taken_and_nothing_half_made(as_alice, away, bucket, state_dir):
    for url in ("/api/uploads/", "/uploads/"):
        answer = as_alice.post(url, {"file": file()})
        assert answer.status_code == 503
        assert "can't do this at the moment" in unescape(answer.text)
        assert "Traceback" not in answer.text
        assert "127.0.0.1" not in answer.text
        if url == "/api/uploads/":
            problem(answer, 503)
    assert not Upload.objects.exists()
    assert not Job.objects.exists()
    assert files_below(state_dir) == []
    away()
    assert as_alice.post("/api/uploads/", {"file": file()}).status_code == 202
    assert len(bucket.names()) == 1


def test_while_the_store_is_away_pieces_wait_here(as_alice, away, bucket, state_dir):
    url = create_transfer(as_alice)
    patch(as_alice, url, 0, b"hello")
    problem(patch(as_alice, url, 5, b" world"), 503)
    assert not Upload.objects.exists()
    reached = offset(as_alice, url)
    away()
    assert patch(as_alice, url, reached, b"hello world"[reached:]).status_code == 204
    assert [bucket.read(name) for name in bucket.names()] == [b"hello world"]
    assert files_below(state_dir) == []


def test_a_row_that_is_deleted_while_the_store_is_away_is_deleted(
    as_alice, upload, away, bucket, django_capture_on_commit_callbacks, caplog
):
    with django_capture_on_commit_callbacks(execute=True):
        upload.delete()
    assert not Upload.objects.exists()
    assert "EndpointConnectionError" in caplog.text
    away()
    assert len(bucket.names()) == 1  # for uploads_fsck


def test_health_says_that_the_store_is_away_and_that_it_is_back(visitor, bucket, away, monkeypatch):
    monkeypatch.setattr("uploads.storage.s3.CHECK_SECONDS", 3600)
    Worker.objects.record_heartbeat("here")
    assert visitor.get("/healthz/").json()["checks"]["storage"] == "failing"
    away()
    assert visitor.get("/healthz/").status_code == 503  # what was found is believed for that long
    monkeypatch.setattr("uploads.storage.s3.CHECK_SECONDS", -1)
    assert visitor.get("/healthz/").json()["status"] == "ok"


@pytest.mark.parametrize("wrong", [{"bucket_name": "another-bucket"}, {"secret_key": "wrong"}])
def test_health_says_that_the_bucket_can_not_be_used(bucket, settings, wrong):
    options = settings.STORAGES["default"]["OPTIONS"] | wrong
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "uploads.storage.s3.Bucket", "OPTIONS": options}}
    with pytest.raises(StorageUnavailable, match="ClientError"):
        default_storage.check()
