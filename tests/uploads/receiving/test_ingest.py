"""Uploads by the form and by the API, which validate and store files in the same way."""

import errno
import hashlib
import re

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client

from progress.models import Job, State
from tests.helpers import body, file, files_below, main_part, photo, problem, run_queue
from uploads.models import Upload
from uploads.receiving.limits import ENVELOPE_BYTES


def post(client, via, **data):
    return client.post({"form": "/uploads/", "api": "/api/uploads/"}[via], data)


by_form_and_api = pytest.mark.parametrize("via", ["form", "api"])


def test_api_returns_202_with_the_url_of_the_job(as_alice, alice):
    response = post(as_alice, "api", file=file(photo(), "holiday.jpg"))
    assert response.status_code == 202
    upload = Upload.objects.get()
    body = response.json()
    assert response["Location"] == body["url"] == f"http://testserver/api/uploads/{upload.pk}/"
    assert body["job"]["url"] == f"http://testserver/api/progress/{upload.job_id}/"
    assert body["job"]["state"] == "queued"
    assert body["job"]["label"] == "Processing holiday.jpg"
    assert (upload.owner, upload.name, upload.content_type) == (alice, "holiday.jpg", "image/jpeg")


def test_form_redirects_to_the_page_of_the_file(as_alice):
    response = post(as_alice, "form", file=file())
    assert response.status_code == 302
    assert response["Location"] == f"/uploads/{Upload.objects.get().pk}/"


@by_form_and_api
def test_bytes_are_stored_only_below_the_media_directory(as_alice, state_dir, via):
    post(as_alice, via, file=file(b"hello", "../../../escaped.txt"))
    upload = Upload.objects.get()
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]
    assert (state_dir / "media/uploads" / str(upload.pk) / "original").read_bytes() == b"hello"
    assert (upload.name, upload.size) == ("escaped.txt", 5)


@pytest.mark.parametrize("name", ["a" * 300 + ".jpg", "two%0Alines.txt", "gpj\u202egpj.exe", "nul\0.txt", "x" * 5000])
def test_any_file_name_is_accepted_and_cleaned(as_alice, state_dir, name):
    assert post(as_alice, "api", file=file(b"hello", name)).status_code == 202
    upload = Upload.objects.get()
    assert len(upload.name) <= 255
    assert upload.name.isprintable()
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]


@by_form_and_api
@pytest.mark.parametrize(("data", "reason"), [({}, "Choose a file"), ({"file": "text"}, "Choose a file")])
def test_missing_file_returns_422(as_alice, state_dir, via, data, reason):
    response = post(as_alice, via, **data)
    assert response.status_code == 422
    assert reason in response.text
    if via == "api":
        assert reason in problem(response, 422)["errors"]["file"][0]
    assert_nothing_stored(state_dir)


@by_form_and_api
def test_empty_file_is_stored_and_processed(as_alice, state_dir, via):
    post(as_alice, via, file=file(b"", "empty.jpg"))
    assert run_queue() == 1
    upload = Upload.objects.get()
    assert (upload.size, upload.sha256) == (0, hashlib.sha256(b"").hexdigest())
    assert upload.job.state == State.SUCCEEDED
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]
    response = as_alice.get(f"/uploads/{upload.pk}/download/")
    assert (body(response), response["Content-Length"]) == (b"", "0")
    for requested in ("bytes=0-", "bytes=-1"):
        response = as_alice.get(f"/uploads/{upload.pk}/download/", HTTP_RANGE=requested)
        assert (response.status_code, response["Content-Range"]) == (416, "bytes */0")


@by_form_and_api
def test_file_over_the_limit_returns_413(as_alice, state_dir, settings, via):
    settings.MAX_UPLOAD_BYTES = 4
    response = post(as_alice, via, file=file(b"hello"))
    assert response.status_code == 413
    assert "the limit on this server" in response.text
    if via == "api":
        problem(response, 413)
    assert_nothing_stored(state_dir)


@pytest.mark.parametrize("url", ["/uploads/", "/api/uploads/", "/todos/", "/accounts/login/", "/api/session/"])
@pytest.mark.parametrize("excess", [1, 10**9])
def test_body_over_the_limit_returns_413_before_it_is_read(as_alice, url, excess):
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if "uploads" in url:
        limit = settings.MAX_UPLOAD_BYTES + ENVELOPE_BYTES
    multipart = {"content_type": "multipart/form-data; boundary=x"}
    response = as_alice.post(url, b"", **multipart, CONTENT_LENGTH=limit + excess)
    assert response.status_code == 413
    assert ("application/problem+json" in response["Content-Type"]) == url.startswith("/api/")
    assert as_alice.post(url, b"--x--", **multipart).status_code != 413


def test_body_of_unknown_length_returns_411(as_alice):
    problem(as_alice.post("/api/uploads/", {"file": file()}, HTTP_TRANSFER_ENCODING="Chunked"), 411)


@by_form_and_api
def test_file_over_the_quota_returns_413(as_alice, alice, settings, via):
    settings.USER_QUOTA_BYTES = 9
    assert post(as_alice, "api", file=file(b"12345")).status_code == 202
    response = post(as_alice, via, file=file(b"12345"))
    assert response.status_code == 413
    assert "enough space" in response.text
    assert alice.uploads.count() == 1


def test_body_of_unsupported_type_returns_415(as_alice):
    for content_type in ("application/json", "image/jpeg", "application/x-www-form-urlencoded", "nonsense"):
        problem(as_alice.post("/api/uploads/", b"{}", content_type=content_type), 415)


def test_malformed_multipart_body_returns_400(as_alice, state_dir):
    problem(as_alice.post("/api/uploads/", b"xxx", content_type="multipart/form-data"), 400)
    disposition = b'Content-Disposition: form-data; name="file"; filename="a.txt"'
    body = b"\r\n".join([b"--x", disposition, b"Content-Transfer-Encoding: base64", b"", b"!", b"--x--", b""])
    problem(as_alice.post("/api/uploads/", body, content_type="multipart/form-data; boundary=x"), 400)
    assert_nothing_stored(state_dir)


def test_missing_csrf_token_returns_403(alice, state_dir):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    problem(post(client, "api", file=file()), 403)
    page = post(client, "form", file=file())
    assert page.status_code == 403
    assert "reload the page" in page.text
    assert_nothing_stored(state_dir)


def test_visitor_must_log_in(visitor, state_dir):
    problem(post(visitor, "api", file=file()), 401)
    assert post(visitor, "form", file=file())["Location"] == "/accounts/login/?next=/uploads/"
    assert_nothing_stored(state_dir)


@by_form_and_api
def test_disk_full_while_the_file_is_stored_returns_507(as_alice, state_dir, monkeypatch, via):
    def fail(self, name, content):
        (state_dir / "media" / "uploads").mkdir(exist_ok=True)
        raise OSError(errno.ENOSPC, "No space left on device", "/secret")

    monkeypatch.setattr(FileSystemStorage, "_save", fail)
    response = post(as_alice, via, file=file())
    assert response.status_code == 507
    assert "disk of this site is full" in response.text
    assert "secret" not in response.text
    assert_nothing_stored(state_dir)


@by_form_and_api
def test_disk_full_while_the_body_is_received_returns_507(alice, state_dir, monkeypatch, via):
    def fail(self, raw_data, start):
        raise OSError(errno.ENOSPC, "No space left on device", "/secret")

    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", fail)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = post(client, via, file=file())
    assert response.status_code == 507
    assert "disk of this site is full" in response.text
    assert_nothing_stored(state_dir)


@by_form_and_api
def test_file_is_not_stored_if_its_job_cannot_be_enqueued(as_alice, state_dir, monkeypatch, via):
    def fail(*args):
        raise RuntimeError("no queue")

    monkeypatch.setattr("progress.tasks.deliver", fail)
    as_alice.raise_request_exception = False
    assert post(as_alice, via, file=file()).status_code == 500
    assert_nothing_stored(state_dir)


def test_new_upload_is_queued_and_its_pages_show_progress(as_alice):
    post(as_alice, "form", file=file())
    assert Job.objects.get().state == State.QUEUED
    upload = Upload.objects.get()
    for url in ("/uploads/", f"/uploads/{upload.pk}/"):
        assert re.search(r"<progress-bar [^>]*src", main_part(as_alice.get(url).text))
    refresh = '<noscript><meta http-equiv="refresh"'
    assert refresh in as_alice.get(f"/uploads/{upload.pk}/").text
    assert refresh not in as_alice.get("/uploads/").text  # a reload would lose the file chosen in the form


def assert_nothing_stored(state_dir):
    assert files_below(state_dir) == []
    assert not Upload.objects.exists()
    assert not Job.objects.exists()
