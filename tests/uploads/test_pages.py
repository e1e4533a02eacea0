"""Pages of uploads without JavaScript: contents, deletion, restoring, and discarding of unfinished uploads."""

import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from progress.models import State
from tests.helpers import after_select, file, make_job, photo, run_queue
from uploads.models import Rendition, Transfer, Upload
from uploads.receiving import ingest, transfers

HTMX = {"HX-Request": "true"}


@pytest.fixture
def upload(alice) -> Upload:
    return ingest.create_upload(alice, file(b"hello", "hello.tar.gz"))


@pytest.fixture
def transfer(alice) -> Transfer:
    return transfers.create(alice, length=5_000_000, name="film.mp4", metadata="", concat="")


def bar_values(page: str) -> list[str]:
    """Return the values of the progress bars on the page."""
    return re.findall(r'<progress max="100" aria-labelledby=[^>]* value="(\d+)"', page)


def test_deleted_file_can_be_restored(as_alice, upload):
    response = as_alice.post(f"/uploads/{upload.pk}/delete/", follow=True)
    assert f'action="/uploads/{upload.pk}/restore/"' in response.text
    assert "Deleted <bdi>hello.tar.gz</bdi>." in response.text
    assert "No files yet" in response.text
    assert as_alice.get(f"/uploads/{upload.pk}/").status_code == 404
    assert as_alice.post(f"/uploads/{upload.pk}/restore/")["Location"] == "/uploads/"
    assert as_alice.get(f"/uploads/{upload.pk}/").status_code == 200
    page = as_alice.get("/uploads/", {"deleted": upload.pk}).text  # as if the page shown after deletion was reloaded
    assert "Undo" not in page
    assert "hello.tar.gz" in page


def test_htmx_request_gets_a_fragment(as_alice, upload):
    response = as_alice.post(f"/uploads/{upload.pk}/delete/", headers=HTMX)
    assert "Undo" in response.text
    assert "<html" not in response.text
    response = as_alice.post(f"/uploads/{upload.pk}/restore/", headers=HTMX)
    assert response.text.startswith(f'<article class="file" id="upload-{upload.pk}"')
    assert "<html" not in response.text


def test_only_own_files_in_the_trash_can_be_restored(as_alice, as_bob, upload):
    assert as_alice.post(f"/uploads/{upload.pk}/restore/").status_code == 404
    as_alice.post(f"/uploads/{upload.pk}/delete/")
    assert as_bob.post(f"/uploads/{upload.pk}/restore/").status_code == 404
    assert "hello" not in as_bob.get("/uploads/", {"deleted": upload.pk}).text
    assert as_alice.get(f"/uploads/{upload.pk}/restore/").status_code == 405
    Upload.objects.all().delete()
    assert as_alice.post(f"/uploads/{upload.pk}/restore/").status_code == 404


@pytest.mark.parametrize("deleted", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_invalid_id_of_a_deleted_file_is_ignored(as_alice, deleted):
    response = as_alice.get("/uploads/", {"deleted": deleted})
    assert response.status_code == 200
    assert "Undo" not in response.text


def test_unfinished_uploads_are_listed_and_can_be_discarded(as_alice, as_bob, transfer):
    page = as_alice.get("/uploads/").text
    assert "film.mp4" in page
    assert "0 B of 5 MB received" in page
    assert "film.mp4" not in as_bob.get("/uploads/").text
    assert as_bob.post(f"/uploads/unfinished/{transfer.pk}/discard/").status_code == 404
    response = as_alice.post(f"/uploads/unfinished/{transfer.pk}/discard/", follow=True)
    assert "Discarded film.mp4." in response.text
    assert not Transfer.objects.exists()
    assert as_alice.post(f"/uploads/unfinished/{transfer.pk}/discard/").status_code == 404


def test_expired_transfer_is_not_listed(as_alice, transfer):
    Transfer.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "film.mp4" not in as_alice.get("/uploads/").text


def test_file_stored_while_the_page_is_rendered_displaces_no_other_file(as_alice, alice, upload):
    """A page that counts the files before it selects them would lose the last one."""
    with after_select("uploads_upload", lambda: ingest.create_upload(alice, file(b"hi", "newer.txt"))):
        page = as_alice.get("/uploads/").text
    assert f'id="upload-{upload.pk}"' in page


@pytest.mark.parametrize("table", ["uploads_transfer", "uploads_upload"])
def test_file_completed_while_the_page_is_rendered_is_shown_once(as_alice, alice, table):
    transfer = transfers.create(alice, length=5, name="film.mp4", metadata="", concat="")
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    url, content_type = f"/api/tus/{transfer.pk}", "application/offset+octet-stream"
    with after_select(table, lambda: as_alice.patch(url, b"hello", content_type=content_type, headers=headers)):
        page = as_alice.get("/uploads/").text
    assert Upload.objects.filter(pk=transfer.pk).exists()
    assert [f'id="{kind}-{transfer.pk}"' in page for kind in ("upload", "unfinished")].count(True) == 1


def test_page_shows_the_free_space_of_the_quota(as_alice, upload, settings):
    settings.USER_QUOTA_BYTES = 3 * upload.size
    assert "10 B of 15 B free" in as_alice.get("/uploads/").text
    settings.USER_QUOTA_BYTES = 0
    assert " free</a>" not in as_alice.get("/uploads/").text


def test_page_has_limit_and_quota_for_the_script(as_alice, upload, settings):
    settings.MAX_UPLOAD_BYTES, settings.USER_QUOTA_BYTES = 2000, 0
    page = as_alice.get("/uploads/").text
    assert 'data-max-bytes="2000"' in page
    assert 'data-free-bytes=""' in page
    settings.USER_QUOTA_BYTES = 1005
    assert 'data-free-bytes="1000"' in as_alice.get("/uploads/").text


@pytest.mark.parametrize(
    ("state", "percent", "value"),
    [
        (State.QUEUED, None, "50"),
        (State.RUNNING, None, "50"),
        (State.RUNNING, 0, "50"),
        (State.RUNNING, 33, "66"),
        (State.RUNNING, 99, "99"),
        (State.FAILED, 40, "70"),
    ],
)
def test_progress_bar_of_processing_starts_at_half(as_alice, alice, upload, state, percent, value):
    error = {"error_code": "internal"} if state == State.FAILED else {}
    Upload.objects.update(job=make_job(owner=alice, state=state, percent=percent, **error))
    upload.refresh_from_db()
    for url in ("/uploads/", f"/uploads/{upload.pk}/", f"/uploads/{upload.pk}/card/"):
        page = as_alice.get(url).text
        assert bar_values(page) == [value]
        assert f"{value} %" in page
        assert 'from="50"' in page
    assert bar_values(as_alice.get(upload.job.get_absolute_url()).text) == (
        [str(percent)] if percent is not None else []
    )


@pytest.mark.parametrize(
    ("name", "label"),
    [("a.zip", "ZIP"), ("b.tar.gz", "GZ"), ("README", "File"), ("x.verylong", "File"), (".env", "File")],
)
def test_file_without_renditions_shows_its_extension(as_alice, alice, name, label):
    ingest.create_upload(alice, file(b"hello", name))
    assert f">{label}</span>" in as_alice.get("/uploads/").text


def test_page_of_a_photo_shows_its_size(as_alice, alice):
    upload = ingest.create_upload(alice, file(photo(), "photo.jpg"))
    run_queue()
    page = as_alice.get(f"/uploads/{upload.pk}/").text
    assert "400 × 300" in page
    assert page.count("<img") == 2  # the rendition, and the site's logo


def test_page_of_a_file_links_to_its_neighbours(as_alice, alice, bob, django_assert_num_queries):
    old, upload, new = (ingest.create_upload(alice, file(name=f"{name}.txt")) for name in ("old", "this", "new"))
    trashed = ingest.create_upload(alice, file(name="trashed.txt"))
    trashed.trash()
    ingest.create_upload(bob, file(name="secret.txt"))
    with django_assert_num_queries(6):  # session, user, upload with its job, both neighbours, renditions
        page = as_alice.get(f"/uploads/{upload.pk}/").text
    assert re.findall(r'rel="(\w+)" href="/uploads/(\S+)/" aria-label="([^"]+)"', page) == [
        ("prev", str(new.pk), "Previous: new.txt"),
        ("next", str(old.pk), "Next: old.txt"),
    ]
    assert 'rel="prev"' not in as_alice.get(f"/uploads/{new.pk}/").text
    assert 'rel="next"' not in as_alice.get(f"/uploads/{old.pk}/").text


def test_neighbours_of_the_same_time_are_sorted_by_id(as_alice, alice):
    uploads = [ingest.create_upload(alice, file(name=f"{number}.txt")) for number in range(3)]
    Upload.objects.update(created_at=uploads[0].created_at)
    ids = sorted((upload.pk for upload in uploads), reverse=True)
    page = as_alice.get(f"/uploads/{ids[1]}/").text
    assert re.findall(r'rel="\w+" href="/uploads/(\S+)/"', page) == [str(ids[0]), str(ids[2])]


def test_pdf_shows_its_pages_and_the_list_shows_the_first(as_alice, upload):
    Upload.objects.update(content_type="application/pdf", metadata={"pages": 30}, job=None)
    for page in (1, 2, 10):
        for width in (320, 960):
            rendition = Rendition(upload=upload, page=page, width=width, height=2 * width, size=4)
            rendition.file.save(f"{page}-{width}.webp", ContentFile(b"webp"))
    page = as_alice.get(f"/uploads/{upload.pk}/").text
    assert re.findall(r'alt="([^"]+)"', page) == [f"hello.tar.gz, page {n}" for n in (1, 2, 10)]
    assert f'href="/uploads/{upload.pk}/10/960.webp"' in page
    assert "Showing the first 3 of 30 pages." in page
    card = as_alice.get("/uploads/").text
    assert f"/uploads/{upload.pk}/1/960.webp 960w" in card
    assert f"/uploads/{upload.pk}/2/" not in card


def test_animated_picture_page_says_only_one_frame_is_shown(as_alice, upload):
    metadata = {"width": 10, "height": 10, "animated": True, "frames": 12}
    Upload.objects.update(content_type="image/gif", metadata=metadata)
    assert "12 frames; the preview shows the first" in as_alice.get(f"/uploads/{upload.pk}/").text


def test_shortcuts_include_the_keys_of_the_viewer_where_it_can_be_opened(as_alice):
    assert "While a file is open" in as_alice.get("/uploads/").text
    assert "While a file is open" not in as_alice.get("/todos/").text
