"""Malicious and damaged files: each gets an error message or harmless renditions, and other jobs are unaffected."""

import hashlib
import io
import zipfile

import pytest
from PIL import Image

from progress.models import State
from tests.helpers import body, file, photo, run_queue
from tests.uploads.files import png
from tests.uploads.helpers import is_red, open_rendition, process, rendition_bytes
from uploads.receiving import ingest

SCRIPT = b"<script>alert(document.cookie)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>" + SCRIPT + b"<rect width='9' height='9'/></svg>"
XML = b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY secret SYSTEM 'file:///etc/passwd'>]><svg><text>&secret;</text></svg>"


def bomb(width: int, height: int, **options) -> bytes:
    """Return a PNG of a few hundred bytes whose header states a huge size, with one bit per pixel."""
    return png(width, height, b"\0" * 10_000, depth=1, colours=0, **options)


def zip_file(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("evil.exe", content)
    return buffer.getvalue()


@pytest.mark.usefixtures("decode_in_process")
@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (photo(1200, 900)[:5000], "unreadable_picture", "damaged or incomplete"),
        (photo(1200, 900)[:-20], "unreadable_picture", "damaged or incomplete"),
        (b"\xff\xd8\xff" + b"nonsense" * 100, "unreadable_picture", "damaged or incomplete"),
        (b"\x89PNG\r\n\x1a\n", "unreadable_picture", "damaged or incomplete"),
        (b"GIF89a", "unreadable_picture", "damaged or incomplete"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unreadable_picture", "damaged or incomplete"),
        (photo(format="AVIF")[:-200], "unreadable_picture", "damaged or incomplete"),
        (photo(format="WEBP")[:-100], "unreadable_picture", "damaged or incomplete"),
        (bomb(50_000, 50_000), "picture_too_large", "more than 200 million pixels"),
        (bomb(30_000, 30_000, interlaced=True), "picture_too_large", "more than 200 million pixels"),
        (bomb(15_000, 15_000), "picture_too_large", "more than 200 million pixels"),
        (b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\0;", "picture_too_large", "200 million pixels"),
    ],
    ids=[
        "truncated",
        "end is missing",
        "fake JPEG",
        "only a signature",
        "only a GIF signature",
        "fake HEIC",
        "truncated AVIF",
        "truncated WebP",
        "bomb",
        "interlaced bomb",
        "small bomb",
        "GIF bomb",
    ],
)
def test_undecodable_picture_fails_with_a_message_and_is_kept(alice, stored_names, content, code, message):
    upload = process(alice, content)
    assert (upload.job.state, upload.job.error_code, upload.job.attempt) == (State.FAILED, code, 1)
    assert message in upload.job.error_message
    assert upload.problem == upload.job.error_message
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    assert stored_names() == ["original"]


def test_job_after_hostile_files_succeeds(alice):
    uploads = [ingest.create_upload(alice, file(content)) for content in (bomb(50_000, 50_000), photo()[:300], photo())]
    run_queue()
    for upload in uploads:
        upload.job.refresh_from_db()
    assert [upload.job.state for upload in uploads] == [State.FAILED, State.FAILED, State.SUCCEEDED]


@pytest.mark.services  # because it takes seconds
def test_picture_just_within_the_pixel_limit_gets_renditions(alice):
    """It has as many pixels in as few bytes as a decompression bomb."""
    upload = process(alice, png(14_000, 14_000, (b"\0" + b"\xff" * 1750) * 14_000, depth=1, colours=0))
    assert upload.job.state == State.SUCCEEDED
    assert upload.metadata == {"width": 14_000, "height": 14_000}


def test_jpeg_followed_by_a_zip_is_a_jpeg(alice):
    upload = process(alice, photo() + zip_file(b"evil content"), "evil.zip")
    assert (upload.job.state, upload.content_type) == (State.SUCCEEDED, "image/jpeg")
    for rendition in upload.renditions.all():
        assert b"evil" not in rendition_bytes(rendition)
        assert is_red(open_rendition(rendition), 0.1, 0.1)


def test_zip_containing_a_jpeg_is_no_picture(alice, stored_names):
    upload = process(alice, zip_file(photo()), "photo.jpg")
    assert (upload.job.state, upload.content_type) == (State.SUCCEEDED, "application/octet-stream")
    assert stored_names() == ["original"]


@pytest.mark.usefixtures("decode_in_process")
@pytest.mark.parametrize(
    "content",
    [
        photo(format="GIF") + b"<html>" + SCRIPT,
        photo(format="GIF").replace(b"GIF87a", b"GIF89a", 1)[:-1] + b"!\xfe" + bytes([len(SCRIPT)]) + SCRIPT + b"\0;",
        photo(format="JPEG", comment=SCRIPT),
    ],
    ids=["after the end", "in a GIF comment", "in a JPEG comment"],
)
def test_picture_with_html_is_shown_only_as_renditions_without_it(alice, as_alice, content):
    upload = process(alice, content, "page.html")
    assert upload.job.state == State.SUCCEEDED
    for rendition in upload.renditions.all():
        response = as_alice.get(rendition.get_absolute_url())
        assert response["Content-Type"] == "image/webp"
        assert b"script" not in body(response)
    download = as_alice.get(f"/uploads/{upload.pk}/download/")
    assert download["Content-Disposition"].startswith("attachment")
    assert body(download) == content


@pytest.mark.parametrize("content", [SVG, XML, b"\xef\xbb\xbf" + SVG], ids=["script", "entity", "byte order mark"])
def test_svg_is_text_and_gets_no_renditions(alice, as_alice, stored_names, content):
    upload = process(alice, content, "drawing.svg")
    assert (upload.job.state, upload.content_type) == (State.SUCCEEDED, "text/plain")
    assert upload.metadata == {}
    assert stored_names() == ["original"]
    download = as_alice.get(f"/uploads/{upload.pk}/download/")
    assert download["Content-Disposition"].startswith("attachment")
    assert "sandbox" in download["Content-Security-Policy"]
    assert body(download) == content


@pytest.mark.usefixtures("decode_in_process")
@pytest.mark.parametrize(
    "junk", [b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff" + b"\x01" * 40, b"no TIFF at all"]
)
def test_damaged_exif_is_ignored(alice, junk):
    upload = process(alice, photo(exif=b"Exif\0\0" + junk))
    assert upload.job.state == State.SUCCEEDED
    assert is_red(open_rendition(upload.renditions.last()), 0.1, 0.1)


def test_png_with_a_decompression_bomb_in_its_text_fails(alice):
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("Comment", "a" * 80_000_000, zip=True)
    content = io.BytesIO()
    Image.new("RGB", (9, 9)).save(content, "PNG", pnginfo=text)
    upload = process(alice, content.getvalue())
    assert upload.job.state == State.FAILED
    assert upload.problem
