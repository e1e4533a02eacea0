"""Two doors, the form and the API, and one judge of what comes in."""

import errno
import hashlib

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client

from progress.models import Job, State
from tests.helpers import body, file, files_below, photo, problem, run_queue
from uploads.models import Upload
from uploads.receiving.limits import ENVELOPE_BYTES


def post(client, door, **data):
    return client.post({"form": "/uploads/", "api": "/api/uploads/"}[door], data)


both_doors = pytest.mark.parametrize("door", ["form", "api"])


def test_the_api_answers_at_once_with_the_url_of_the_job(as_alice, alice):
    response = post(as_alice, "api", file=file(photo(), "holiday.jpg"))
    assert response.status_code == 202
    upload = Upload.objects.get()
    body = response.json()
    assert response["Location"] == body["url"] == f"http://testserver/api/uploads/{upload.pk}/"
    assert body["job"]["url"] == f"http://testserver/api/progress/{upload.job_id}/"
    assert body["job"]["state"] == "queued"
    assert body["job"]["label"] == "Processing holiday.jpg"
    assert (upload.owner, upload.name, upload.content_type) == (alice, "holiday.jpg", "image/jpeg")


def test_the_form_leads_to_the_page_of_the_file(as_alice):
    response = post(as_alice, "form", file=file())
    assert response.status_code == 302
    assert response["Location"] == f"/uploads/{Upload.objects.get().pk}/"


@both_doors
def test_the_bytes_are_kept_in_the_state_directory_and_nowhere_else(as_alice, state_dir, door):
    post(as_alice, door, file=file(b"hello", "../../../escaped.txt"))
    upload = Upload.objects.get()
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]
    assert (state_dir / "media/uploads" / str(upload.pk) / "original").read_bytes() == b"hello"
    assert (upload.name, upload.size) == ("escaped.txt", 5)


@pytest.mark.parametrize("name", ["a" * 300 + ".jpg", "two%0Alines.txt", "gpj\u202egpj.exe", "nul\0.txt", "x" * 5000])
def test_any_name_is_taken_and_made_harmless(as_alice, state_dir, name):
    assert post(as_alice, "api", file=file(b"hello", name)).status_code == 202
    upload = Upload.objects.get()
    assert len(upload.name) <= 255
    assert upload.name.isprintable()
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]


@both_doors
@pytest.mark.parametrize(("data", "reason"), [({}, "Choose a file"), ({"file": "text"}, "Choose a file")])
def test_nothing_in_it_is_said_and_nothing_kept(as_alice, state_dir, door, data, reason):
    response = post(as_alice, door, **data)
    assert response.status_code == 422
    assert reason in response.text
    if door == "api":
        assert reason in problem(response, 422)["errors"]["file"][0]
    assert_nothing_kept(state_dir)


@both_doors
def test_empty_file_is_kept_and_processed(as_alice, state_dir, door):
    post(as_alice, door, file=file(b"", "empty.jpg"))
    assert run_queue() == 1
    upload = Upload.objects.get()
    assert (upload.size, upload.sha256) == (0, hashlib.sha256(b"").hexdigest())
    assert upload.job.state == State.SUCCEEDED
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]
    answer = as_alice.get(f"/uploads/{upload.pk}/download/")
    assert (body(answer), answer["Content-Length"]) == (b"", "0")
    for asked in ("bytes=0-", "bytes=-1"):
        answer = as_alice.get(f"/uploads/{upload.pk}/download/", HTTP_RANGE=asked)
        assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */0")


@both_doors
def test_a_file_over_the_limit_is_refused(as_alice, state_dir, settings, door):
    settings.MAX_UPLOAD_BYTES = 4
    response = post(as_alice, door, file=file(b"hello"))
    assert response.status_code == 413
    assert "the limit on this server" in response.text
    if door == "api":
        problem(response, 413)
    assert_nothing_kept(state_dir)


@pytest.mark.parametrize("url", ["/uploads/", "/api/uploads/", "/todos/", "/accounts/login/", "/api/session/"])
@pytest.mark.parametrize("over", [1, 10**9])
def test_a_body_over_the_limit_is_refused_before_it_is_read(as_alice, url, over):
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if "uploads" in url:
        limit = settings.MAX_UPLOAD_BYTES + ENVELOPE_BYTES
    how = {"content_type": "multipart/form-data; boundary=x"}
    response = as_alice.post(url, b"", **how, CONTENT_LENGTH=limit + over)
    assert response.status_code == 413
    assert ("application/problem+json" in response["Content-Type"]) == url.startswith("/api/")
    assert as_alice.post(url, b"--x--", **how).status_code != 413


def test_a_body_of_unknown_length_is_refused(as_alice):
    problem(as_alice.post("/api/uploads/", {"file": file()}, HTTP_TRANSFER_ENCODING="Chunked"), 411)


@both_doors
def test_the_quota_counts_what_is_kept(as_alice, alice, settings, door):
    settings.USER_QUOTA_BYTES = 9
    assert post(as_alice, "api", file=file(b"12345")).status_code == 202
    response = post(as_alice, door, file=file(b"12345"))
    assert response.status_code == 413
    assert "no room" in response.text
    assert alice.uploads.count() == 1


def test_a_body_of_the_wrong_type_is_refused(as_alice):
    for content_type in ("application/json", "image/jpeg", "application/x-www-form-urlencoded", "nonsense"):
        problem(as_alice.post("/api/uploads/", b"{}", content_type=content_type), 415)


def test_a_broken_multipart_body_is_refused(as_alice, state_dir):
    problem(as_alice.post("/api/uploads/", b"xxx", content_type="multipart/form-data"), 400)
    disposition = b'Content-Disposition: form-data; name="file"; filename="a.txt"'
    body = b"\r\n".join([b"--x", disposition, b"Content-Transfer-Encoding: base64", b"", b"!", b"--x--", b""])
    problem(as_alice.post("/api/uploads/", body, content_type="multipart/form-data; boundary=x"), 400)
    assert_nothing_kept(state_dir)


def test_without_the_csrf_token_nothing_is_taken(alice, state_dir):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    problem(post(client, "api", file=file()), 403)
    page = post(client, "form", file=file())
    assert page.status_code == 403
    assert "reload the page" in page.text
    assert_nothing_kept(state_dir)


def test_a_visitor_is_asked_to_log_in(visitor, state_dir):
    problem(post(visitor, "api", file=file()), 401)
    assert post(visitor, "form", file=file())["Location"] == "/accounts/login/?next=/uploads/"
    assert_nothing_kept(state_dir)


@both_doors
def test_a_full_disk_is_said_and_nothing_kept(as_alice, state_dir, monkeypatch, door):
    def full(self, name, content):
        (state_dir / "media" / "uploads").mkdir(exist_ok=True)
        raise OSError(errno.ENOSPC, "No space left on device", "/secret")

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    response = post(as_alice, door, file=file())
    assert response.status_code == 507
    assert "disk of this site is full" in response.text
    assert "secret" not in response.text
    assert_nothing_kept(state_dir)


@both_doors
def test_a_disk_that_is_full_while_the_body_arrives_is_said(alice, state_dir, monkeypatch, door):
    def full(self, raw_data, start):
        raise OSError(errno.ENOSPC, "No space left on device", "/secret")

    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", full)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = post(client, door, file=file())
    assert response.status_code == 507
    assert "disk of this site is full" in response.text
    assert_nothing_kept(state_dir)


@both_doors
def test_when_the_job_can_not_be_enqueued_the_file_is_not_kept(as_alice, state_dir, monkeypatch, door):
    def broken(*args):
        raise RuntimeError("no queue")

    monkeypatch.setattr("progress.tasks.deliver", broken)
    as_alice.raise_request_exception = False
    assert post(as_alice, door, file=file()).status_code == 500
    assert_nothing_kept(state_dir)


def test_the_state_of_a_new_upload(as_alice):
    post(as_alice, "form", file=file())
    assert Job.objects.get().state == State.QUEUED
    upload = Upload.objects.get()
    for url in ("/uploads/", f"/uploads/{upload.pk}/"):
        assert "<progress-bar src" in as_alice.get(url).text
    refresh = '<noscript><meta http-equiv="refresh"'
    assert refresh in as_alice.get(f"/uploads/{upload.pk}/").text
    assert refresh not in as_alice.get("/uploads/").text  # it would lose the file that was just chosen


def assert_nothing_kept(state_dir):
    assert files_below(state_dir) == []
    assert not Upload.objects.exists()
    assert not Job.objects.exists()
