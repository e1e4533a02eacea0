"""tus 1.0.0, extension "creation": length, metadata, and a body in the POST request."""

import pytest

from tests.helpers import problem
from tests.uploads.receiving.tus import TUS, b64, create_transfer, head, offset, patch, post_transfer
from uploads.models import Transfer, Upload


class TestCreation:
    def test_response_has_url_and_expiry(self, as_alice):
        response = post_transfer(as_alice)
        transfer = Transfer.objects.get()
        assert response["Location"] == f"http://testserver/api/tus/{transfer.pk}"
        assert response["Upload-Expires"].endswith("GMT")

    @pytest.mark.parametrize("length", ["-1", "x", "", "9" * 30])
    def test_invalid_length_returns_400(self, as_alice, length):
        problem(post_transfer(as_alice, length), 400)

    def test_file_over_the_limit_returns_413(self, as_alice, settings):
        settings.MAX_UPLOAD_BYTES = 4
        assert "the limit on this server" in problem(post_transfer(as_alice, 5), 413)["detail"]
        assert not Transfer.objects.exists()

    def test_transfers_over_the_limit_return_429_until_a_transfer_is_finished(self, as_alice, as_bob, monkeypatch):
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

    def test_empty_parts_are_concatenated_to_an_empty_file(self, as_alice):
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
    def test_invalid_metadata_returns_400(self, as_alice, metadata):
        problem(post_transfer(as_alice, HTTP_UPLOAD_METADATA=metadata), 400)

    @pytest.mark.parametrize(
        ("metadata", "name"),
        [
            (f"filename {b64('../../etc/passwd')}", "passwd"),
            (f"name {b64('from uppy.jpg')},type {b64('image/jpeg')}", "from uppy.jpg"),
            (f"filename {b64(bytes([0xFF, 0x00]) + b'.jpg')}", "\ufffd.jpg"),
        ],
    )
    def test_name_is_taken_from_metadata_and_cleaned(self, as_alice, metadata, name):
        create_transfer(as_alice, HTTP_UPLOAD_METADATA=metadata)
        assert Transfer.objects.get().name == name

    def test_body_may_have_the_first_bytes(self, as_alice):
        response = post_transfer(as_alice, content=b"hello")
        assert (response.status_code, response["Upload-Offset"]) == (201, "5")

    def test_body_may_have_all_bytes(self, as_alice):
        response = post_transfer(as_alice, content=b"hello world")
        assert (response.status_code, response["Upload-Offset"]) == (201, "11")
        assert Upload.objects.get().size == 11

    def test_body_of_unsupported_content_type_returns_415(self, as_alice):
        problem(as_alice.post("/api/tus", b"hello", content_type="text/plain", HTTP_UPLOAD_LENGTH="5", **TUS), 415)

    def test_length_may_be_sent_with_a_later_patch(self, as_alice):
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

    def test_length_may_be_sent_after_all_bytes(self, as_alice):
        url = create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1")
        patch(as_alice, url, 0, b"hello")
        assert patch(as_alice, url, 5, HTTP_UPLOAD_LENGTH="5").status_code == 204
        assert Upload.objects.get().size == 5

    def test_file_of_deferred_length_is_limited(self, as_alice, settings):
        settings.MAX_UPLOAD_BYTES = 8
        url = create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1")
        assert patch(as_alice, url, 0, b"hello").status_code == 204
        problem(patch(as_alice, url, 5, b"world"), 413)
        problem(patch(as_alice, url, 5, b"", HTTP_UPLOAD_LENGTH="9"), 413)
        assert offset(as_alice, url) == 5

    @pytest.mark.parametrize(("length", "deferred"), [(None, None), (5, "1"), (None, "2")])
    def test_length_and_deferred_length_are_alternatives(self, as_alice, length, deferred):
        problem(post_transfer(as_alice, length, **({"HTTP_UPLOAD_DEFER_LENGTH": deferred} if deferred else {})), 400)
