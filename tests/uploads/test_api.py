"""JSON API of uploads and its pagination, and the page that lists uploads."""

import hashlib
import re

from django.utils import timezone

from tests.helpers import body, file, photo, problem, run_queue
from uploads import api, views
from uploads.models import Upload
from uploads.receiving import ingest


def test_upload_is_returned_as_json(as_alice, alice):
    content = photo(400, 300)
    upload = ingest.create_upload(alice, file(content, "holiday.jpg"))
    run_queue()
    representation = as_alice.get(f"/api/uploads/{upload.pk}/").json()
    assert timezone.datetime.fromisoformat(representation.pop("created_at")).tzinfo
    job = representation.pop("job")
    assert (job["state"], job["percent"], job["result"]) == ("succeeded", 100, {"url": f"/uploads/{upload.pk}/"})
    renditions = representation.pop("renditions")
    assert [(rendition["width"], rendition["height"]) for rendition in renditions] == [(320, 240), (400, 300)]
    for rendition in renditions:
        assert rendition["content_type"] == "image/webp"
        assert len(body(as_alice.get(rendition["url"]))) == rendition["size"]
    assert representation == {
        "id": str(upload.pk),
        "url": f"http://testserver/api/uploads/{upload.pk}/",
        "name": "holiday.jpg",
        "size": len(content),
        "content_type": "image/jpeg",
        "sha256": hashlib.sha256(content).hexdigest(),
        "metadata": {"width": 400, "height": 300},
        "download_url": f"http://testserver/uploads/{upload.pk}/download/",
    }


def test_expired_job_is_null(as_alice, alice, settings):
    upload = ingest.create_upload(alice, file())
    run_queue()
    settings.PROGRESS_RETENTION = timezone.timedelta(seconds=-1)
    assert as_alice.get(f"/api/uploads/{upload.pk}/").json()["job"] is None


def make_uploads(owner, count):
    for number in range(count):
        Upload.objects.create(owner=owner, name=f"{number}.txt", size=1, content_type="text/plain", file="x")


def test_list_is_newest_first_and_paginated_by_link_header(as_alice, alice, monkeypatch):
    monkeypatch.setattr(api, "PAGE_SIZE", 3)
    make_uploads(alice, 7)
    names, url = [], "/api/uploads/"
    pages = 0
    while url:
        response = as_alice.get(url)
        names += [upload["name"] for upload in response.json()]
        link = response.get("Link")
        url = link and link.removeprefix("<").removesuffix('>; rel="next"')
        pages += 1
    assert names == [f"{number}.txt" for number in reversed(range(7))]
    assert pages == 3


def test_list_needs_four_queries_whatever_its_length(as_alice, alice, django_assert_num_queries):
    make_uploads(alice, 20)
    with django_assert_num_queries(4):  # session, user, uploads with their jobs, renditions
        as_alice.get("/api/uploads/")


def test_next_page_exists_after_the_last_upload_of_a_page_is_deleted(as_alice, alice, monkeypatch):
    monkeypatch.setattr(api, "PAGE_SIZE", 2)
    make_uploads(alice, 4)
    url = as_alice.get("/api/uploads/")["Link"].removeprefix("<").removesuffix('>; rel="next"')
    Upload.objects.get(name="2.txt").delete()
    assert [upload["name"] for upload in as_alice.get(url).json()] == ["1.txt", "0.txt"]


def test_invalid_cursor_returns_400(as_alice):
    time, upload_id = "2026-01-01T00:00:00", "00000000-0000-0000-0000-000000000000"
    for cursor in ("xyz", upload_id, "\0", f"{time}_{upload_id}", f"{time}+00:00_x", "_", f"9{time}Z_{upload_id}"):
        problem(as_alice.get("/api/uploads/", {"cursor": cursor}), 400)


def test_other_methods_return_405(as_alice, alice):
    upload = ingest.create_upload(alice, file())
    assert problem(as_alice.put("/api/uploads/"), 405)
    assert problem(as_alice.patch(f"/api/uploads/{upload.pk}/"), 405)
    assert as_alice.get(f"/uploads/{upload.pk}/delete/").status_code == 405


def test_page_is_paginated(as_alice, alice, monkeypatch):
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    make_uploads(alice, 4)
    first = as_alice.get("/uploads/").text
    older = re.search(r'rel="next" href="(.*?)"', first)[1]
    Upload.objects.get(name="2.txt").delete()  # the cursor in `older` refers to this upload
    make_uploads(alice, 1)
    second = as_alice.get(older).text
    assert names(first) == ["3.txt", "2.txt"]
    assert names(second) == ["1.txt", "0.txt"]
    assert "First page" not in first
    assert "First page" in second
    assert "Next page" not in second
    Upload.objects.all().delete()
    assert "No files yet" in as_alice.get("/uploads/").text
    assert "No more files" in as_alice.get(older).text
    assert as_alice.get("/uploads/", {"cursor": "nonsense"}).status_code == 400


def names(page: str) -> list[str]:
    return re.findall(r"<h2><a [^>]*>(.*?)</a></h2>", page)


def test_page_shows_pictures_files_and_problems(as_alice, alice):
    for content, name in [(photo(), "holiday.jpg"), (b"words", "notes.txt"), (b"\xff\xd8\xff", "broken.jpg")]:
        ingest.create_upload(alice, file(content, name))
    run_queue()
    page = as_alice.get("/uploads/").text
    assert "320.webp" in page
    assert "notes.txt" in page
    assert "damaged or incomplete" in page
    assert "<progress-bar src" not in page
    assert "http-equiv" not in page


def test_empty_page_has_instructions(as_alice):
    assert "No files yet" in as_alice.get("/uploads/").text
