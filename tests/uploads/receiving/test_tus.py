"""tus 1.0.0 as its text has it: the core and creation; `test_tus_clients.py` has the clients that people use."""

import hashlib

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from progress.models import Job, State
from tests.helpers import body, files_below, photo, problem, run_queue
from tests.uploads.receiving.tus import BODY_TYPE, TUS, b64, create_transfer, head, offset, patch, post_transfer
from uploads.models import Transfer, Upload
from uploads.receiving import pieces, transfers


class TestCore:
    def test_a_file_arrives_in_pieces_and_becomes_an_upload_with_a_job(self, as_alice, alice, state_dir):
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

    def test_options_tells_what_is_spoken_to_anybody(self, visitor):
        for url in ("/api/tus", "/api/tus/", "/api/tus/00000000-0000-0000-0000-000000000000"):
            response = visitor.options(url)
            assert response.status_code == 200
            assert response["Tus-Version"] == "1.0.0"
            assert response["Tus-Max-Size"] == str(2**30)
            assert "creation-defer-length" in response["Tus-Extension"].split(",")
            assert response["Tus-Checksum-Algorithm"] == "sha1,sha256,md5"

    @pytest.mark.parametrize("version", [None, "0.2.2", "1.0.0.", ""])
    def test_another_version_is_refused(self, as_alice, version):
        url = create_transfer(as_alice)
        how = {} if version is None else {"HTTP_TUS_RESUMABLE": version}
        for method, address in [("POST", "/api/tus"), ("HEAD", url), ("PATCH", url), ("DELETE", url)]:
            response = as_alice.generic(method, address, HTTP_UPLOAD_LENGTH="5", HTTP_UPLOAD_OFFSET="0", **how)
            assert response.status_code == 412, method
            assert response["Tus-Version"] == "1.0.0"
        assert Transfer.objects.count() == 1

    def test_head_says_all_and_is_kept_by_nobody(self, as_alice):
        url = create_transfer(as_alice)
        patch(as_alice, url, 0, b"hello")
        response = head(as_alice, url)
        assert response.status_code == 200
        assert (response["Upload-Offset"], response["Upload-Length"]) == ("5", "11")
        assert response["Upload-Metadata"] == f"filename {b64('hello.txt')}"
        assert "no-store" in response["Cache-Control"]
        assert response["Upload-Expires"].endswith("GMT")
        assert not response.content

    def test_a_final_slash_makes_no_difference(self, as_alice):
        response = as_alice.generic("POST", "/api/tus/", HTTP_UPLOAD_LENGTH="5", **TUS)
        url = response["Location"].removeprefix("http://testserver")
        assert patch(as_alice, f"{url}/", 0, b"hello").status_code == 204

    @pytest.mark.parametrize("offset", ["-1", "x", "1.5", "", "9" * 30, "٣"])
    def test_an_offset_that_is_none_is_refused(self, as_alice, offset):
        problem(patch(as_alice, create_transfer(as_alice), offset, b"hello"), 400)

    def test_no_offset_is_refused(self, as_alice):
        problem(as_alice.generic("PATCH", create_transfer(as_alice), b"hello", content_type=BODY_TYPE, **TUS), 400)

    def test_the_wrong_offset_is_answered_by_the_true_one(self, as_alice):
        url = create_transfer(as_alice)
        patch(as_alice, url, 0, b"hello")
        for wrong in (0, 4, 6, 11):
            response = patch(as_alice, url, wrong, b" world")
            problem(response, 409)
            assert response["Upload-Offset"] == "5"

    @pytest.mark.parametrize("content_type", ["", "text/plain", "application/octet-stream", "multipart/form-data"])
    def test_another_type_is_refused(self, as_alice, content_type):
        url = create_transfer(as_alice)
        problem(patch(as_alice, url, 0, b"hello", CONTENT_TYPE=content_type), 415)
        assert offset(as_alice, url) == 0

    def test_more_than_the_length_is_refused(self, as_alice):
        url = create_transfer(as_alice, 5)
        problem(patch(as_alice, url, 0, b"hello!"), 413)
        assert offset(as_alice, url) == 0
        problem(post_transfer(as_alice, 5, content=b"hello!"), 413)

    def test_a_method_can_be_said_by_a_header(self, as_alice):
        url = create_transfer(as_alice)
        how = {"HTTP_UPLOAD_OFFSET": "0", "HTTP_X_HTTP_METHOD_OVERRIDE": "PATCH"} | TUS
        assert as_alice.generic("POST", url, b"hello", content_type=BODY_TYPE, **how).status_code == 204
        assert offset(as_alice, url) == 5

    def test_a_finished_file_can_be_asked_for_and_takes_nothing_more(self, as_alice):
        url = create_transfer(as_alice, 5)
        patch(as_alice, url, 0, b"hello")
        assert patch(as_alice, url, 5).status_code == 204
        problem(patch(as_alice, url, 5, b"!"), 413)
        assert Upload.objects.count() == Job.objects.count() == 1


class TestTusResumableHeader:
    """Clients of tus treat a response without this header as one of another server."""

    def test_success_has_it(self, as_alice):
        url = create_transfer(as_alice)
        for response in (as_alice.options(url), head(as_alice, url), patch(as_alice, url, 0, b"hello")):
            assert response["Tus-Resumable"] == "1.0.0"

    @pytest.mark.parametrize(
        ("status", "method", "path", "headers"),
        [
            (400, "PATCH", "{url}", {"HTTP_UPLOAD_OFFSET": "x", "CONTENT_TYPE": BODY_TYPE}),
            (400, "HEAD", "{url}", {"HTTP_HOST": "elsewhere.example.com"}),
            (403, "PATCH", "{url}", {"HTTP_UPLOAD_OFFSET": "0", "HTTP_ORIGIN": "https://elsewhere.example.com"}),
            (404, "HEAD", "/api/tus/00000000-0000-0000-0000-000000000000", {}),
            (404, "HEAD", "/api/tus/nothing", {}),
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
        how = TUS | {"HTTP_X_CSRFTOKEN": token} | headers
        response = client.generic(method, path.format(url=create_transfer(as_alice)), **how)
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

    def test_other_addresses_do_not_have_it(self, as_alice):
        assert "Tus-Resumable" not in as_alice.get("/api/todos/")
        assert "Tus-Resumable" not in as_alice.get("/api/tuscany/")


class TestCreation:
    def test_the_answer_names_the_url_and_when_it_expires(self, as_alice):
        response = post_transfer(as_alice)
        transfer = Transfer.objects.get()
        assert response["Location"] == f"http://testserver/api/tus/{transfer.pk}"
        assert response["Upload-Expires"].endswith("GMT")

    @pytest.mark.parametrize("length", ["-1", "x", "", "9" * 30])
    def test_a_length_that_is_none_is_refused(self, as_alice, length):
        problem(post_transfer(as_alice, length), 400)

    def test_a_file_over_the_limit_is_refused_before_it_is_sent(self, as_alice, settings):
        settings.MAX_UPLOAD_BYTES = 4
        assert "the limit on this server" in problem(post_transfer(as_alice, 5), 413)["detail"]
        assert not Transfer.objects.exists()

    def test_who_has_begun_very_many_has_to_finish_some(self, as_alice, as_bob, monkeypatch):
        monkeypatch.setattr("uploads.receiving.transfers.MAX_PENDING", 2)
        create_transfer(as_alice, 5)
        url = create_transfer(as_alice, 5)
        assert "Finish or delete" in problem(post_transfer(as_alice, 5), 429)["detail"]
        create_transfer(as_bob, 5)
        patch(as_alice, url, 0, b"hello")
        create_transfer(as_alice, 5)

    def test_empty_file_is_complete_when_it_is_created(self, as_alice):
        url = create_transfer(as_alice, 0)
        assert offset(as_alice, url) == 0
        assert Upload.objects.get().size == 0
        assert patch(as_alice, url, 0).status_code == 204
        assert as_alice.get("/api/tus").json() == []

    def test_empty_file_of_deferred_length_is_complete_once_the_length_is_known(self, as_alice):
        url = create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1")
        assert patch(as_alice, url, 0, HTTP_UPLOAD_LENGTH="0").status_code == 204
        assert Upload.objects.get().size == 0

    def test_empty_parts_are_joined_to_an_empty_file(self, as_alice):
        parts = [create_transfer(as_alice, 0, HTTP_UPLOAD_CONCAT="partial") for _ in range(2)]
        assert post_transfer(as_alice, None, HTTP_UPLOAD_CONCAT="final;" + " ".join(parts)).status_code == 201
        assert Upload.objects.get().size == 0

    @pytest.mark.parametrize("metadata", ["", "filename", "filename ,x", ",", "is_confidential"])
    def test_metadata_may_be_empty(self, as_alice, metadata):
        url = create_transfer(as_alice, HTTP_UPLOAD_METADATA=metadata)
        assert head(as_alice, url).get("Upload-Metadata", "") == metadata
        assert Transfer.objects.get().name == "unnamed"

    @pytest.mark.parametrize(
        "metadata", ["filename ???", "a YQ==,a Yg==", "ключ YQ==", "filename a b c", "x " + "QUFB" * 2000]
    )
    def test_metadata_that_is_none_is_refused(self, as_alice, metadata):
        problem(post_transfer(as_alice, HTTP_UPLOAD_METADATA=metadata), 400)

    @pytest.mark.parametrize(
        ("metadata", "name"),
        [
            (f"filename {b64('../../etc/passwd')}", "passwd"),
            (f"name {b64('from uppy.jpg')},type {b64('image/jpeg')}", "from uppy.jpg"),
            (f"filename {b64(bytes([0xFF, 0x00]) + b'.jpg')}", "\ufffd.jpg"),
        ],
    )
    def test_the_name_comes_from_the_metadata_and_is_made_harmless(self, as_alice, metadata, name):
        create_transfer(as_alice, HTTP_UPLOAD_METADATA=metadata)
        assert Transfer.objects.get().name == name

    def test_with_the_first_bytes(self, as_alice):
        response = post_transfer(as_alice, content=b"hello")
        assert (response.status_code, response["Upload-Offset"]) == (201, "5")

    def test_with_all_bytes(self, as_alice):
        response = post_transfer(as_alice, content=b"hello world")
        assert (response.status_code, response["Upload-Offset"]) == (201, "11")
        assert Upload.objects.get().size == 11

    def test_with_bytes_of_another_type(self, as_alice):
        problem(as_alice.post("/api/tus", b"hello", content_type="text/plain", HTTP_UPLOAD_LENGTH="5", **TUS), 415)

    def test_the_length_may_be_said_later(self, as_alice):
        url = create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1")
        assert head(as_alice, url)["Upload-Defer-Length"] == "1"
        assert "Upload-Length" not in head(as_alice, url)
        patch(as_alice, url, 0, b"hello")
        assert not Upload.objects.exists()
        problem(patch(as_alice, url, 5, b" world", HTTP_UPLOAD_LENGTH="4"), 400)
        problem(patch(as_alice, url, 5, b" world", HTTP_UPLOAD_LENGTH="10"), 413)
        assert head(as_alice, url)["Upload-Defer-Length"] == "1"
        assert patch(as_alice, url, 5, b" world", HTTP_UPLOAD_LENGTH="11").status_code == 204
        assert Upload.objects.get().size == 11
        problem(patch(as_alice, url, 11, HTTP_UPLOAD_LENGTH="12"), 400)

    def test_the_length_may_be_said_at_the_end(self, as_alice):
        url = create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1")
        patch(as_alice, url, 0, b"hello")
        assert patch(as_alice, url, 5, HTTP_UPLOAD_LENGTH="5").status_code == 204
        assert Upload.objects.get().size == 5

    def test_a_file_of_unknown_length_is_limited_too(self, as_alice, settings):
        settings.MAX_UPLOAD_BYTES = 8
        url = create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1")
        assert patch(as_alice, url, 0, b"hello").status_code == 204
        problem(patch(as_alice, url, 5, b"world"), 413)
        problem(patch(as_alice, url, 5, b"", HTTP_UPLOAD_LENGTH="9"), 413)
        assert offset(as_alice, url) == 5

    @pytest.mark.parametrize(("length", "deferred"), [(None, None), (5, "1"), (None, "2")])
    def test_either_a_length_or_later(self, as_alice, length, deferred):
        problem(post_transfer(as_alice, length, **({"HTTP_UPLOAD_DEFER_LENGTH": deferred} if deferred else {})), 400)


class TestWhoMay:
    def test_for_others_it_does_not_exist(self, as_alice, as_bob):
        url = create_transfer(as_alice)
        assert head(as_bob, url).status_code == 404
        problem(patch(as_bob, url, 0, b"hello"), 404)
        problem(as_bob.delete(url, **TUS), 404)
        assert as_bob.get("/api/tus").json() == []
        assert offset(as_alice, url) == 0

    def test_a_visitor_is_asked_to_log_in(self, as_alice, visitor):
        url = create_transfer(as_alice)
        problem(post_transfer(visitor), 401)
        problem(visitor.get("/api/tus"), 401)
        problem(patch(visitor, url, 0, b"hello"), 401)
        assert head(visitor, url).status_code == 401

    def test_without_the_csrf_token_nothing_is_taken(self, alice):
        client = Client(enforce_csrf_checks=True)
        client.force_login(alice)
        problem(post_transfer(client), 403)
        token = client.get("/api/session/").json()["csrf_token"]
        url = create_transfer(client, HTTP_X_CSRFTOKEN=token)
        problem(patch(client, url, 0, b"hello"), 403)
        problem(client.delete(url, **TUS), 403)
        assert patch(client, url, 0, b"hello", HTTP_X_CSRFTOKEN=token).status_code == 204

    def test_other_methods_are_refused(self, as_alice):
        url = create_transfer(as_alice)
        for method, address in [("PUT", url), ("GET", url), ("PATCH", "/api/tus"), ("DELETE", "/api/tus")]:
            problem(as_alice.generic(method, address, **TUS), 405)

    def test_a_front_end_on_another_origin_may_send_and_read_the_headers(self, as_alice):
        origin = {"HTTP_ORIGIN": "http://localhost:8001"}
        asked = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PATCH"}
        preflight = as_alice.options("/api/tus", **origin, **asked)
        assert preflight["Access-Control-Allow-Credentials"] == "true"
        assert {"tus-resumable", "upload-offset", "x-csrftoken"} <= set(
            preflight["Access-Control-Allow-Headers"].split(", ")
        )
        exposed = post_transfer(as_alice, **origin)["Access-Control-Expose-Headers"]
        assert {"Location", "Upload-Offset", "Upload-Expires"} <= set(exposed.split(", "))


class TestOnDisk:
    @pytest.fixture(autouse=True)
    def _count_at_the_end_only(self, monkeypatch):
        monkeypatch.setattr(transfers, "ACKNOWLEDGE_SECONDS", 3600)

    def test_nothing_counts_before_it_is_on_disk(self, as_alice, monkeypatch):
        counted = []
        sync = pieces.PieceWriter.sync

        def note_and_sync(tail):
            counted.append((Transfer.objects.get().offset, Upload.objects.count()))
            sync(tail)

        monkeypatch.setattr(pieces.PieceWriter, "sync", note_and_sync)
        url = create_transfer(as_alice)
        patch(as_alice, url, 0, b"hello")
        assert counted == [(0, 0)]
        patch(as_alice, url, 5, b" world")
        assert counted == [(0, 0), (5, 0)]
        assert Upload.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_what_counts_is_committed_for_good(self, as_alice, monkeypatch):
        """SQLite is told so for each count, and for nothing else."""
        update, levels = QuerySet.update, []

        def note_and_update(queryset, **values):
            if "offset" in values and connection.vendor == "sqlite":
                levels.append(synchronous())
            return update(queryset, **values)

        monkeypatch.setattr(QuerySet, "update", note_and_update)
        url = create_transfer(as_alice)
        patch(as_alice, url, 0, b"hello")
        patch(as_alice, url, 5, b" world")
        if connection.vendor == "sqlite":
            assert (levels, synchronous()) == ([FULL, FULL], NORMAL)


NORMAL, FULL = 1, 2


def synchronous() -> int:
    """SQLite's setting of that name."""
    with connection.cursor() as cursor:
        return cursor.execute("PRAGMA synchronous").fetchone()[0]


class TestUnfinished:
    def test_my_unfinished_files_are_listed(self, as_alice):
        old, new = (
            create_transfer(as_alice, 11, name="old.txt"),
            create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1"),
        )
        patch(as_alice, old, 0, b"hello")
        post_transfer(as_alice, 5, content=b"hello")
        found = as_alice.get("/api/tus").json()
        assert [each["url"] for each in found] == [f"http://testserver{new}", f"http://testserver{old}"]
        assert (found[0]["size"], found[1]["size"], found[1]["offset"]) == (None, 11, 5)
        assert (found[1]["name"], found[1]["metadata"]) == ("old.txt", {"filename": "old.txt"})


def test_a_photo_by_tus_gets_its_pictures(as_alice):
    content = photo(400, 300)
    url = create_transfer(as_alice, len(content), name="holiday.jpg")
    patch(as_alice, url, 0, content[:1000])
    patch(as_alice, url, 1000, content[1000:])
    run_queue()
    upload = as_alice.get(url.replace("/api/tus", "/api/uploads") + "/").json()
    assert upload["job"]["state"] == "succeeded"
    assert len(upload["renditions"]) == 2
