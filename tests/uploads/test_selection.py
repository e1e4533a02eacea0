"""Actions for several selected files: one ZIP, and one deletion with one undo. Without JavaScript."""

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4
from zipfile import ZIP_STORED, ZipFile

import pytest

from tests.helpers import body, file
from uploads.models import Upload
from uploads.receiving import ingest
from uploads.selection import MAX_SELECTED

HTMX = {"HX-Request": "true"}
CONTENTS = {"notes.txt": b"first", "Größe 😀.bin": bytes(700_000), "empty": b""}


@pytest.fixture
def uploads(alice) -> list[Upload]:
    return [ingest.create_upload(alice, file(content, name)) for name, content in CONTENTS.items()]


def selection(*uploads: Upload, **values) -> dict:
    return {"file": [str(upload.pk) for upload in uploads], **values}


def download(client, *uploads: Upload) -> dict[str, bytes]:
    """Return the names and contents of the downloaded ZIP file."""
    response = client.post("/uploads/selected/download/", selection(*uploads))
    content = body(response)
    assert int(response["Content-Length"]) == len(content)
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {ZIP_STORED}
        return {name: archive.read(name) for name in archive.namelist()}


class TestDownload:
    def test_is_one_zip(self, as_alice, uploads):
        assert download(as_alice, *uploads) == CONTENTS

    def test_has_headers_of_a_private_attachment(self, as_alice, uploads):
        response = as_alice.post("/uploads/selected/download/", selection(*uploads))
        assert response.streaming
        assert response["Content-Type"] == "application/zip"
        assert response["Content-Disposition"].startswith('attachment; filename="headway-files-')
        assert response["Cache-Control"] == "private, no-store"
        response.close()

    def test_of_equal_names_numbers_them(self, as_alice, alice):
        uploads = [ingest.create_upload(alice, file(content, "a.txt")) for content in (b"1", b"2")]
        found = download(as_alice, *uploads)
        assert sorted(found) == ["a (2).txt", "a.txt"]
        assert sorted(found.values()) == [b"1", b"2"]

    def test_of_a_single_file_is_the_file(self, as_alice, uploads):
        response = as_alice.post("/uploads/selected/download/", selection(uploads[0]))
        assert response["Location"] == f"/uploads/{uploads[0].pk}/download/"

    def test_omits_files_that_are_deleted_lost_or_of_others(self, as_alice, bob, uploads):
        foreign = ingest.create_upload(bob, file(b"secret", "bob.txt"))
        uploads[0].trash()
        Path(uploads[2].file.path).unlink()
        assert list(download(as_alice, *uploads, foreign)) == ["Größe 😀.bin"]
        Path(uploads[1].file.path).unlink()
        assert as_alice.post("/uploads/selected/download/", selection(*uploads)).status_code == 404

    def test_reads_files_in_chunks_while_it_is_sent(self, as_alice, uploads):
        response = as_alice.post("/uploads/selected/download/", selection(*uploads))
        chunks = list(response.streaming_content)
        assert max(map(len, chunks)) <= 256 * 1024
        assert len(chunks) > 3

    def test_has_the_times_of_the_uploads(self, as_alice, uploads):
        Upload.objects.update(created_at=datetime(2024, 2, 29, 12, 30, 58, tzinfo=UTC))
        response = as_alice.post("/uploads/selected/download/", selection(*uploads))
        with ZipFile(io.BytesIO(body(response))) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(2024, 2, 29, 12, 30, 58)}

    def test_of_large_files_has_the_stated_length(self, as_alice, uploads, monkeypatch):
        monkeypatch.setattr("zipfile.ZIP64_LIMIT", 100_000)
        assert download(as_alice, *uploads) == CONTENTS

    @pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(b"x")], ids=["deleted", "shortened"])
    def test_fails_if_a_file_changes_while_it_is_sent(self, as_alice, uploads, change):
        response = as_alice.post("/uploads/selected/download/", selection(*uploads))
        change(Path(uploads[0].file.path))
        with pytest.raises(OSError, match=str(uploads[0].pk)):
            list(response.streaming_content)


class TestDelete:
    def test_is_undone_as_one(self, as_alice, uploads):
        kept = uploads.pop()
        response = as_alice.post("/uploads/selected/delete/", selection(*uploads, sort="name"), follow=True)
        assert response.redirect_chain[0][0].startswith("/uploads/?sort=name&deleted=")
        assert "Deleted 2 files." in response.text
        assert 'aria-label="Undo: restore 2 files"' in response.text
        assert list(Upload.objects.filter(deleted_at=None)) == [kept]
        assert len(set(Upload.objects.in_trash().values_list("deleted_at", flat=True))) == 1
        as_alice.post(f"/uploads/{uploads[0].pk}/restore/")
        assert not Upload.objects.in_trash().exists()

    def test_keeps_an_earlier_deletion_in_the_trash_when_undone(self, as_alice, uploads):
        uploads[0].trash()
        as_alice.post("/uploads/selected/delete/", selection(*uploads))
        response = as_alice.post(f"/uploads/{uploads[1].pk}/restore/", headers=HTMX)
        assert response.text.count("<article") == 2
        assert list(Upload.objects.in_trash()) == [uploads[0]]

    def test_returns_the_message_to_scripts(self, as_alice, uploads):
        response = as_alice.post("/uploads/selected/delete/", selection(*uploads), headers=HTMX)
        assert "Deleted 3 files." in response.text
        assert "<html" not in response.text

    def test_of_one_file_names_it(self, as_alice, uploads):
        response = as_alice.post("/uploads/selected/delete/", selection(uploads[0]), follow=True)
        assert "Deleted <bdi>notes.txt</bdi>." in response.text


@pytest.mark.usefixtures("uploads")
def test_single_deletion_and_its_undo_return_to_the_list(as_alice):
    url = "/uploads/?q=notes&sort=name"
    page = as_alice.get(url).text
    for kind in ("delete", "restore"):
        form = re.search(rf'<form[^>]* action="([^"]*/{kind}/)">(.*?)</form>', page, re.DOTALL)
        fields = dict(re.findall(r'<input type="hidden" name="(q|sort)" value="(.*?)">', form[2]))
        response = as_alice.post(form[1], fields, follow=True)
        assert response.redirect_chain[0][0].startswith(url)
        page = response.text


@pytest.mark.parametrize("action", ["download", "delete"])
class TestInvalidSelection:
    def test_of_foreign_or_deleted_files_returns_404(self, as_bob, uploads, action):
        assert as_bob.post(f"/uploads/selected/{action}/", selection(*uploads)).status_code == 404
        assert not Upload.objects.in_trash().exists()

    def test_of_none_or_too_many_returns_400(self, as_alice, uploads, action):
        url = f"/uploads/selected/{action}/"
        response = as_alice.post(url)
        assert response.status_code == 400
        assert f"Select 1 to {MAX_SELECTED} files at a time." in response.text
        ids = [str(uploads[0].pk), *(str(uuid4()) for _ in range(MAX_SELECTED))]
        assert as_alice.post(url, {"file": ids}).status_code == 400
        assert as_alice.post(url, {"file": ids[:-1]}).status_code == 302
        assert as_alice.get(url).status_code == 405

    def test_with_invalid_id_returns_404(self, as_alice, uploads, action):
        assert as_alice.post(f"/uploads/selected/{action}/", {"file": "x"}).status_code == 404
