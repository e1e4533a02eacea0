"""tus 1.0.0: the core protocol and access. `tests/faults/test_tus_clients.py` runs existing tus clients."""

import hashlib

import pytest
from django.test import Client
from django.utils import timezone

from progress.models import Job, State
from tests.helpers import body, files_below, photo, problem, run_queue
from tests.uploads.receiving.tus import BODY_TYPE, TUS, b64, create_transfer, head, offset, patch, post_transfer
from uploads.models import Transfer, Upload


class TestProtocol:
    def test_file_sent_by_two_patches_becomes_an_upload_with_a_job(self, as_alice, alice, state_dir):
        url = create_transfer(as_alice)
        assert patch(as_alice, url, 0, b"hello").status_code == 204
        assert offset(as_alice, url) == 5
        assert not Upload.objects.exists()
        last = patch(as_alice, url, 5, b" world")
        assert (last.status_code, last["Upload-Offset"], last["Tus-Resumable"]) == (204, "11", "1.0.0")
        upload = Upload.objects.get()
        assert url == f"/api/tus/{upload.pk}"
        assert (upload.owner, upload.name, upload.size, upload.content_type) == (alice, "hello.txt", 11, "text/plain")
        assert upload.job.state == State.QUEUED
        assert offset(as_alice, url) == 11
        assert files_below(state_dir) == [f"media/{upload.file.name}"]
        assert body(as_alice.get(f"/uploads/{upload.pk}/download/")) == b"hello world"
        run_queue()
        upload.refresh_from_db()
        assert upload.sha256 == hashlib.sha256(b"hello world").hexdigest()

    def test_options_returns_capabilities_without_login(self, visitor):
        for url in ("/api/tus", "/api/tus/", "/api/tus/00000000-0000-0000-0000-000000000000"):
            response = visitor.options(url)
            assert response.status_code == 200
            assert response["Tus-Version"] == "1.0.0"
            assert response["Tus-Max-Size"] == str(2**30)
            assert "creation-defer-length" in response["Tus-Extension"].split(",")
            assert response["Tus-Checksum-Algorithm"] == "sha1,sha256,md5"

    @pytest.mark.parametrize("version", [None, "0.2.2", "1.0.0.", ""])
    def test_unsupported_version_returns_412(self, as_alice, version):
        url = create_transfer(as_alice)
        headers = {} if version is None else {"HTTP_TUS_RESUMABLE": version}
        for method, path in [("POST", "/api/tus"), ("HEAD", url), ("PATCH", url), ("DELETE", url)]:
            response = as_alice.generic(method, path, HTTP_UPLOAD_LENGTH="5", HTTP_UPLOAD_OFFSET="0", **headers)
            assert response.status_code == 412, method
            assert response["Tus-Version"] == "1.0.0"
        assert Transfer.objects.count() == 1

    def test_head_returns_state_and_is_not_cached(self, as_alice):
        url = create_transfer(as_alice)
        patch(as_alice, url, 0, b"hello")
        response = head(as_alice, url)
        assert response.status_code == 200
        assert (response["Upload-Offset"], response["Upload-Length"]) == ("5", "11")
        assert response["Upload-Metadata"] == f"filename {b64('hello.txt')}"
        assert "no-store" in response["Cache-Control"]
        assert response["Upload-Expires"].endswith("GMT")
        assert not response.content

    def test_trailing_slash_makes_no_difference(self, as_alice):
        response = as_alice.generic("POST", "/api/tus/", HTTP_UPLOAD_LENGTH="5", **TUS)
        url = response["Location"].removeprefix("http://testserver")
        assert patch(as_alice, f"{url}/", 0, b"hello").status_code == 204

    @pytest.mark.parametrize("offset", ["-1", "x", "1.5", "", "9" * 30, "٣"])
    def test_invalid_offset_returns_400(self, as_alice, offset):
        problem(patch(as_alice, create_transfer(as_alice), offset, b"hello"), 400)

    def test_missing_offset_returns_400(self, as_alice):
        problem(as_alice.generic("PATCH", create_transfer(as_alice), b"hello", content_type=BODY_TYPE, **TUS), 400)

    def test_wrong_offset_returns_409_with_the_current_offset(self, as_alice):
        url = create_transfer(as_alice)
        patch(as_alice, url, 0, b"hello")
        for wrong in (0, 4, 6, 11):
            response = patch(as_alice, url, wrong, b" world")
            problem(response, 409)
            assert response["Upload-Offset"] == "5"

    @pytest.mark.parametrize("content_type", ["", "text/plain", "application/octet-stream", "multipart/form-data"])
    def test_unsupported_content_type_returns_415(self, as_alice, content_type):
        url = create_transfer(as_alice)
        problem(patch(as_alice, url, 0, b"hello", CONTENT_TYPE=content_type), 415)
        assert offset(as_alice, url) == 0

    def test_body_longer_than_the_file_returns_413(self, as_alice):
        url = create_transfer(as_alice, 5)
        problem(patch(as_alice, url, 0, b"hello!"), 413)
        assert offset(as_alice, url) == 0
        problem(post_transfer(as_alice, 5, content=b"hello!"), 413)

    def test_method_can_be_overridden_by_a_header(self, as_alice):
        url = create_transfer(as_alice)
        headers = {"HTTP_UPLOAD_OFFSET": "0", "HTTP_X_HTTP_METHOD_OVERRIDE": "PATCH"} | TUS
        assert as_alice.generic("POST", url, b"hello", content_type=BODY_TYPE, **headers).status_code == 204
        assert offset(as_alice, url) == 5

    def test_finished_file_rejects_more_bytes(self, as_alice):
        url = create_transfer(as_alice, 5)
        patch(as_alice, url, 0, b"hello")
        assert patch(as_alice, url, 5).status_code == 204
        problem(patch(as_alice, url, 5, b"!"), 413)
        assert Upload.objects.count() == Job.objects.count() == 1


class TestTusResumableHeader:
    """tus clients treat a response without this header as one of a server that isn't a tus server."""

    def test_success_has_it(self, as_alice):
        url = create_transfer(as_alice)
        for response in (as_alice.options(url), head(as_alice, url), patch(as_alice, url, 0, b"hello")):
            assert response["Tus-Resumable"] == "1.0.0"

    @pytest.mark.parametrize(
        ("status", "method", "path", "headers"),
        [
            (400, "PATCH", "{url}", {"HTTP_UPLOAD_OFFSET": "x", "CONTENT_TYPE": BODY_TYPE}),
            (400, "HEAD", "{url}", {"HTTP_HOST": "other.example.com"}),
            (403, "PATCH", "{url}", {"HTTP_UPLOAD_OFFSET": "0", "HTTP_ORIGIN": "https://other.example.com"}),
            (404, "HEAD", "/api/tus/00000000-0000-0000-0000-000000000000", {}),
            (404, "HEAD", "/api/tus/invalid", {}),
            (405, "PUT", "{url}", {}),
            (412, "PATCH", "{url}", {"HTTP_TUS_RESUMABLE": "0.2.2"}),
            (413, "PATCH", "{url}", {"CONTENT_LENGTH": str(2**40)}),
            (415, "PATCH", "{url}", {"HTTP_UPLOAD_OFFSET": "0", "CONTENT_TYPE": "text/plain"}),
            (415, "PATCH", "{url}", {"HTTP_UPLOAD_OFFSET": "0", "CONTENT_TYPE": "text/plain; charset=utf-7"}),
        ],
    )
    def test_error_has_it(self, alice, as_alice, status, method, path, headers):
        client = Client(enforce_csrf_checks=True)
        client.force_login(alice)
        token = client.get("/api/session/").json()["csrf_token"]
        headers = TUS | {"HTTP_X_CSRFTOKEN": token} | headers
        response = client.generic(method, path.format(url=create_transfer(as_alice)), **headers)
        assert (response.status_code, response["Tus-Resumable"]) == (status, "1.0.0")

    def test_401_429_and_500_have_it(self, as_alice, visitor, monkeypatch):
        assert post_transfer(visitor)["Tus-Resumable"] == "1.0.0"
        monkeypatch.setattr("uploads.receiving.transfers.MAX_PENDING", 0)
        response = post_transfer(as_alice)
        assert (response.status_code, response["Tus-Resumable"]) == (429, "1.0.0")

        def fail(*args, **kwargs):
            raise RuntimeError

        monkeypatch.setattr("uploads.receiving.transfers.create", fail)
        as_alice.raise_request_exception = False
        response = post_transfer(as_alice)
        assert (response.status_code, response["Tus-Resumable"]) == (500, "1.0.0")

    def test_other_urls_do_not_have_it(self, as_alice):
        assert "Tus-Resumable" not in as_alice.get("/api/todos/")
        assert "Tus-Resumable" not in as_alice.get("/api/tuscany/")


class TestAccess:
    def test_another_users_transfer_returns_404(self, as_alice, as_bob):
        url = create_transfer(as_alice)
        assert head(as_bob, url).status_code == 404
        problem(patch(as_bob, url, 0, b"hello"), 404)
        problem(as_bob.delete(url, **TUS), 404)
        assert as_bob.get("/api/tus").json() == []
        assert offset(as_alice, url) == 0

    def test_visitor_gets_401(self, as_alice, visitor):
        url = create_transfer(as_alice)
        problem(post_transfer(visitor), 401)
        problem(visitor.get("/api/tus"), 401)
        problem(patch(visitor, url, 0, b"hello"), 401)
        assert head(visitor, url).status_code == 401

    def test_missing_csrf_token_returns_403(self, alice):
        client = Client(enforce_csrf_checks=True)
        client.force_login(alice)
        problem(post_transfer(client), 403)
        token = client.get("/api/session/").json()["csrf_token"]
        url = create_transfer(client, HTTP_X_CSRFTOKEN=token)
        problem(patch(client, url, 0, b"hello"), 403)
        problem(client.delete(url, **TUS), 403)
        assert patch(client, url, 0, b"hello", HTTP_X_CSRFTOKEN=token).status_code == 204

    def test_other_methods_return_405(self, as_alice):
        url = create_transfer(as_alice)
        for method, path in [("PUT", url), ("GET", url), ("PATCH", "/api/tus"), ("DELETE", "/api/tus")]:
            problem(as_alice.generic(method, path, **TUS), 405)

    def test_front_end_on_another_origin_may_send_and_read_headers(self, as_alice):
        origin = {"HTTP_ORIGIN": "http://localhost:8001"}
        requested = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PATCH"}
        preflight = as_alice.options("/api/tus", **origin, **requested)
        assert preflight["Access-Control-Allow-Credentials"] == "true"
        assert {"tus-resumable", "upload-offset", "x-csrftoken"} <= set(
            preflight["Access-Control-Allow-Headers"].split(", ")
        )
        exposed = post_transfer(as_alice, **origin)["Access-Control-Expose-Headers"]
        assert {"Location", "Upload-Offset", "Upload-Expires"} <= set(exposed.split(", "))


class TestList:
    def test_has_unfinished_transfers_newest_first(self, as_alice):
        old, new = (
            create_transfer(as_alice, 11, name="old.txt"),
            create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1"),
        )
        patch(as_alice, old, 0, b"hello")
        post_transfer(as_alice, 5, content=b"hello")
        listed = as_alice.get("/api/tus").json()
        assert [transfer["url"] for transfer in listed] == [f"http://testserver{new}", f"http://testserver{old}"]
        assert (listed[0]["size"], listed[1]["size"], listed[1]["offset"]) == (None, 11, 5)
        assert (listed[1]["name"], listed[1]["metadata"]) == ("old.txt", {"filename": "old.txt"})

    def test_shows_which_transfers_are_being_received(self, as_alice):
        def receiving() -> bool:
            return as_alice.get("/api/tus").json()[0]["receiving"]

        patch(as_alice, create_transfer(as_alice, 20), 0, b"hello")
        assert not receiving()
        Transfer.objects.update(writing=True)
        assert receiving()
        Transfer.objects.update(expires_at=timezone.now() + Transfer.LIFETIME - 2 * Transfer.RECEIVING_TIMEOUT)
        assert not receiving()


def test_photo_sent_by_tus_gets_renditions(as_alice):
    content = photo(400, 300)
    url = create_transfer(as_alice, len(content), name="holiday.jpg")
    patch(as_alice, url, 0, content[:1000])
    patch(as_alice, url, 1000, content[1000:])
    run_queue()
    upload = as_alice.get(url.replace("/api/tus", "/api/uploads") + "/").json()
    assert upload["job"]["state"] == "succeeded"
    assert len(upload["renditions"]) == 2
