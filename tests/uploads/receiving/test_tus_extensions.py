"""tus 1.0.0: checksum, expiration, termination and concatenation. And checksums of received bytes, which tus lacks."""

import hashlib
import shutil
from datetime import timedelta

import pytest
from django.utils import timezone

from progress.models import State
from tests.helpers import body, files_below, problem
from tests.uploads.receiving.tus import TUS, b64, create_transfer, head, offset, patch, post_transfer
from uploads.models import Transfer, Upload
from uploads.receiving import checksums


class TestChecksum:
    @pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
    def test_matching_body_is_acknowledged(self, as_alice, algorithm):
        url = create_transfer(as_alice)
        checksum = f"{algorithm} {b64(hashlib.new(algorithm, b'hello').digest())}"
        assert patch(as_alice, url, 0, b"hello", HTTP_UPLOAD_CHECKSUM=checksum).status_code == 204

    def test_mismatching_body_returns_460_and_is_discarded(self, as_alice):
        url = create_transfer(as_alice)
        response = patch(
            as_alice, url, 0, b"hellO", HTTP_UPLOAD_CHECKSUM=f"sha1 {b64(hashlib.sha1(b'hello').digest())}"
        )
        problem(response, 460)
        assert offset(as_alice, url) == 0
        patch(as_alice, url, 0, b"hello")
        patch(as_alice, url, 5, b" world")
        assert body(as_alice.get(f"/uploads/{Upload.objects.get().pk}/download/")) == b"hello world"

    def test_mismatching_file_becomes_no_upload(self, as_alice):
        mismatching = f"md5 {b64(hashlib.md5(b'other').digest())}"
        problem(post_transfer(as_alice, content=b"hello world", HTTP_UPLOAD_CHECKSUM=mismatching), 460)
        assert not Upload.objects.exists()
        assert not Transfer.objects.exists()

    @pytest.mark.parametrize("checksum", ["crc32 AAAA", "sha1", "sha1 ???", "", "sha1 AAAA"])
    def test_invalid_checksum_is_rejected(self, as_alice, checksum):
        url = create_transfer(as_alice)
        assert patch(as_alice, url, 0, b"hello", HTTP_UPLOAD_CHECKSUM=checksum).status_code in (400, 460)
        assert offset(as_alice, url) == 0


class TestExpiration:
    def expire(self):
        Transfer.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    def test_expired_transfer_returns_410(self, as_alice):
        url = create_transfer(as_alice)
        self.expire()
        assert head(as_alice, url).status_code == 410
        problem(patch(as_alice, url, 0, b"hello"), 410)
        problem(as_alice.delete(url, **TUS), 410)
        assert as_alice.get("/api/tus").json() == []

    def test_patch_extends_the_expiry(self, as_alice):
        url = create_transfer(as_alice)
        Transfer.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
        response = patch(as_alice, url, 0, b"hello")
        assert Transfer.objects.get().expires_at > timezone.now() + timedelta(hours=23)
        assert response["Upload-Expires"] == head(as_alice, url)["Upload-Expires"]

    def test_finished_file_does_not_expire(self, as_alice):
        url = create_transfer(as_alice, 5)
        patch(as_alice, url, 0, b"hello")
        self.expire()
        assert offset(as_alice, url) == 5


class TestTermination:
    def test_deletes_row_and_bytes(self, as_alice, state_dir, django_capture_on_commit_callbacks):
        url = create_transfer(as_alice)
        patch(as_alice, url, 0, b"hello")
        with django_capture_on_commit_callbacks(execute=True):
            assert as_alice.delete(url, **TUS).status_code == 204
        assert head(as_alice, url).status_code == 404
        problem(patch(as_alice, url, 5, b" world"), 404)
        assert files_below(state_dir) == []
        assert list((state_dir / "incoming").iterdir()) == []

    def test_deletes_finished_file(self, as_alice, state_dir, django_capture_on_commit_callbacks):
        url = create_transfer(as_alice, 5)
        patch(as_alice, url, 0, b"hello")
        with django_capture_on_commit_callbacks(execute=True):
            assert as_alice.delete(url, **TUS).status_code == 204
        assert head(as_alice, url).status_code == 404
        assert not Upload.objects.exists()
        assert files_below(state_dir) == []

    def test_upload_in_the_trash_returns_404(self, as_alice):
        url = create_transfer(as_alice, 5)
        patch(as_alice, url, 0, b"hello")
        Upload.objects.get().trash()
        assert head(as_alice, url).status_code == 404


class TestConcatenation:
    def part(self, client, content: bytes) -> str:
        return create_transfer(client, len(content), content=content, HTTP_UPLOAD_CONCAT="partial")

    def concatenate(self, client, *urls, **headers):
        concat = "final;" + " ".join(urls)
        return post_transfer(client, None, HTTP_UPLOAD_CONCAT=concat, **headers)

    def test_joins_parts_in_the_order_of_the_header(self, as_alice, state_dir, django_capture_on_commit_callbacks):
        second, first = self.part(as_alice, b" world"), self.part(as_alice, b"hello")
        assert not Upload.objects.exists()
        assert head(as_alice, first)["Upload-Concat"] == "partial"
        with django_capture_on_commit_callbacks(execute=True):
            response = self.concatenate(as_alice, f"http://testserver{first}", second)
        assert response.status_code == 201
        upload = Upload.objects.get()
        assert response["Location"] == f"http://testserver/api/tus/{upload.pk}"
        assert (upload.name, upload.size) == ("hello.txt", 11)
        assert body(as_alice.get(f"/uploads/{upload.pk}/download/")) == b"hello world"
        state = head(as_alice, response["Location"])
        assert (state["Upload-Length"], state["Upload-Offset"]) == ("11", "11")
        assert state["Upload-Concat"] == f"final;http://testserver{first} {second}"
        assert files_below(state_dir) == [f"media/{upload.file.name}"]
        assert list((state_dir / "incoming").iterdir()) == []
        assert upload.job.state == State.QUEUED

    def test_final_file_rejects_more_bytes(self, as_alice):
        final = self.concatenate(as_alice, self.part(as_alice, b"hello"))["Location"]
        problem(patch(as_alice, final, 5, b"!"), 403)

    def test_parts_are_not_listed(self, as_alice):
        self.part(as_alice, b"hello")
        assert as_alice.get("/api/tus").json() == []

    def test_a_part_may_be_empty(self, as_alice):
        empty = create_transfer(as_alice, 0, HTTP_UPLOAD_CONCAT="partial;")
        assert self.concatenate(as_alice, empty, self.part(as_alice, b"hello")).status_code == 201

    def test_incomplete_part_returns_409(self, as_alice):
        url = create_transfer(as_alice, 5, HTTP_UPLOAD_CONCAT="partial")
        patch(as_alice, url, 0, b"hell")
        assert "incomplete" in problem(self.concatenate(as_alice, url), 409)["detail"]

    def test_part_can_be_used_in_only_one_file(self, as_alice):
        part = self.part(as_alice, b"hello")
        assert self.concatenate(as_alice, part).status_code == 201
        problem(self.concatenate(as_alice, part), 409)
        assert Upload.objects.count() == 1

    def test_part_can_be_used_once_in_a_file(self, as_alice):
        part = self.part(as_alice, b"hello")
        problem(self.concatenate(as_alice, part, part), 409)

    def test_part_of_another_user_returns_409(self, as_alice, as_bob):
        problem(self.concatenate(as_bob, self.part(as_alice, b"hello")), 409)
        assert not Upload.objects.exists()

    @pytest.mark.parametrize(
        "concat",
        ["final", "final;", "partial;x", "both", "final;/todos/", "final;http://evil.test/x", "final;/api/tus"],
    )
    def test_invalid_header_returns_400(self, as_alice, concat):
        problem(post_transfer(as_alice, None, HTTP_UPLOAD_CONCAT=concat), 400)

    def test_final_file_with_length_returns_400(self, as_alice):
        url = self.part(as_alice, b"hello")
        problem(self.concatenate(as_alice, url, HTTP_UPLOAD_LENGTH="5"), 400)

    def test_final_file_over_the_limit_returns_413(self, as_alice, settings):
        settings.MAX_UPLOAD_BYTES = 9
        problem(self.concatenate(as_alice, self.part(as_alice, b"hello"), self.part(as_alice, b"world")), 413)

    def test_parts_do_not_count_twice_for_the_quota(self, as_alice, settings):
        settings.USER_QUOTA_BYTES = 10
        assert (
            self.concatenate(as_alice, self.part(as_alice, b"hello"), self.part(as_alice, b"world")).status_code == 201
        )


class TestChecksumOfReceivedBytes:
    def get(self, client, url, start, end):
        return client.get(f"{url}/checksum?start={start}&end={end}")

    @pytest.mark.parametrize("in_pieces", [False, True])
    def test_covers_acknowledged_bytes(self, as_alice, as_bob, in_pieces):
        url = create_transfer(as_alice, 20)
        patch(as_alice, url, 0, b"hello")
        if in_pieces:
            Transfer.objects.update(writing=True)  # as a killed process leaves it
        patch(as_alice, url, 5, b" world")
        for start, end in ((0, 11), (0, 3), (3, 7), (6, 11)):
            expected = hashlib.sha256(b"hello world"[start:end]).hexdigest()
            assert self.get(as_alice, url, start, end).json() == {"start": start, "end": end, "sha256": expected}
        for start, end in ((0, 12), (-1, 5), (5, 5), (7, 3), ("", 5), ("x", "y")):
            problem(self.get(as_alice, url, start, end), 400)
        problem(self.get(as_bob, url, 0, 5), 404)

    def test_covers_a_finished_file(self, as_alice, django_capture_on_commit_callbacks):
        url = create_transfer(as_alice, 5)
        with django_capture_on_commit_callbacks(execute=True):
            patch(as_alice, url, 0, b"hello")
        assert self.get(as_alice, url, 1, 5).json()["sha256"] == hashlib.sha256(b"ello").hexdigest()

    def test_of_lost_bytes_returns_409(self, as_alice, state_dir):
        url = create_transfer(as_alice, 20)
        patch(as_alice, url, 0, b"hello")
        shutil.rmtree(state_dir / "incoming")
        problem(self.get(as_alice, url, 0, 5), 409)

    def test_of_too_many_bytes_returns_400(self, as_alice, monkeypatch):
        monkeypatch.setattr(checksums, "MAX_BYTES", 4)
        url = create_transfer(as_alice, 20)
        patch(as_alice, url, 0, b"hello")
        assert self.get(as_alice, url, 0, 4).status_code == 200
        problem(self.get(as_alice, url, 0, 5), 400)
