"""Page of deleted files (the trash)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.helpers import file
from uploads.models import Upload
from uploads.receiving import ingest
from uploads.retention import TRASH_RETENTION

URL = "/uploads/trash/"


@pytest.fixture
def make_deleted(alice):
    """Return a function that creates an upload deleted so long ago."""

    def make(name: str, age: timedelta = timedelta()) -> Upload:
        upload = ingest.create_upload(alice, file(b"hello", name))
        Upload.objects.filter(pk=upload.pk).update(deleted_at=timezone.now() - age)
        upload.refresh_from_db()
        return upload

    return make


def names(page: str) -> list[str]:
    return re.findall(r'<p class="row-name" dir="auto">(.*?)</p>', page)


def test_files_are_sorted_by_deletion_newest_first(as_alice, alice, make_deleted):
    make_deleted("older.txt", timedelta(minutes=2))
    newer = make_deleted("newer.txt", timedelta(minutes=1))
    make_deleted("too-old.txt", TRASH_RETENTION)
    ingest.create_upload(alice, file(b"hello", "kept.txt"))
    page = as_alice.get(URL).text
    assert names(page) == ["newer.txt", "older.txt"]
    assert f'datetime="{(newer.deleted_at + TRASH_RETENTION).isoformat(timespec="seconds")[:19]}' in page
    assert f'href="{URL}"' in as_alice.get("/uploads/").text


def test_restoring_a_file_redirects_to_the_trash(as_alice, make_deleted):
    upload = make_deleted("hello.txt")
    (action,) = re.findall(r'class="actions" method="post" action="(.*?)"', as_alice.get(URL).text)
    page = as_alice.post(action, {"trash": ""}, follow=True)
    assert page.redirect_chain == [(URL, 302)]
    assert "The trash is empty." in page.text
    assert "hello.txt" in as_alice.get("/uploads/").text
    assert as_alice.get(f"/uploads/{upload.pk}/").status_code == 200


def test_trash_shows_only_own_files(as_bob, visitor, make_deleted):
    make_deleted("secret.txt")
    assert names(as_bob.get(URL).text) == []
    assert visitor.get(URL)["Location"] == f"/accounts/login/?next={URL}"
    assert as_bob.post(URL).status_code == 405


@pytest.mark.parametrize("number", ["0", "x", "999"])
def test_invalid_page_number_is_no_error(as_alice, number):
    assert as_alice.get(URL, {"page": number}).status_code == 200
