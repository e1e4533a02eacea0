"""PDFs: the number of pages, and renditions of the first twenty."""

import pytest

from progress.models import State
from tests.uploads.files import encrypted_pdf, pdf
from tests.uploads.helpers import is_red, open_rendition, process

pytestmark = pytest.mark.usefixtures("decode_in_process")


def sizes(upload):
    return [(rendition.page, rendition.width, rendition.height) for rendition in upload.renditions.all()]


def test_each_page_gets_a_rendition_and_the_first_a_thumbnail(alice, stored_names):
    upload = process(alice, pdf(pages=3), "mislabelled.txt")
    assert (upload.job.state, upload.content_type) == (State.SUCCEEDED, "application/pdf")
    assert upload.metadata == {"pages": 3}
    assert sizes(upload) == [(1, 320, 453), (1, 960, 1359), (2, 960, 1359), (3, 960, 1359)]
    names = ["original", "page-1-320.webp", "page-1-960.webp", "page-2-960.webp", "page-3-960.webp"]
    assert stored_names() == names
    for rendition in upload.renditions.all():
        image = open_rendition(rendition)
        assert (image.format, image.size) == ("WEBP", (rendition.width, rendition.height))
        assert is_red(image, 0.1, 0.1)
        assert not is_red(image, 0.9, 0.9)


def test_rendition_of_a_page_has_a_url(as_alice, alice):
    upload = process(alice, pdf(pages=2))
    response = as_alice.get(f"/uploads/{upload.pk}/2/960.webp")
    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    response.close()


def test_rendition_of_an_empty_page_is_white(alice):
    upload = process(alice, pdf(content=b""))
    assert open_rendition(upload.renditions.last()).convert("L").getextrema() == (255, 255)


def test_first_twenty_of_a_thousand_pages_are_rendered(alice):
    upload = process(alice, pdf(pages=1000, size=(100, 10)))
    assert upload.metadata == {"pages": 1000}
    assert {rendition.page for rendition in upload.renditions.all()} == set(range(1, 21))
    assert (upload.job.stage, upload.job.current, upload.job.total) == ("Making previews of pages", 20, 20)
    assert upload.job.unit == "pages"


@pytest.mark.parametrize(
    ("size", "rendered"),
    [
        ((14_400, 14_400), (960, 960)),
        ((10_000_000, 5_000_000), (960, 480)),
        ((1000, 100_000), (38, 3840)),
        ((1, 100_000), (1, 3840)),
        ((100_000, 1), (960, 1)),
        ((72, 72), (960, 960)),
    ],
)
def test_page_of_any_size_is_rendered_within_the_size_limits(alice, size, rendered):
    upload = process(alice, pdf(size=size))
    assert upload.job.state == State.SUCCEEDED
    largest = upload.renditions.last()
    assert (largest.width, largest.height) == rendered


def test_invalid_page_does_not_prevent_renditions_of_other_pages(alice):
    upload = process(alice, pdf(pages=3).replace(b"5 0 obj\n<</Type/Page/", b"5 0 obj\n<</Type/Nope/"))
    assert upload.job.state == State.SUCCEEDED
    assert {rendition.page for rendition in upload.renditions.all()} >= {1, 3}


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (encrypted_pdf(), "encrypted_pdf", "protected by a password"),
        (b"%PDF-1.7\n garbage", "unreadable_pdf", "damaged or incomplete"),
        (pdf()[:-100], "unreadable_pdf", "damaged or incomplete"),
    ],
    ids=["encrypted", "garbage", "truncated"],
)
def test_unreadable_pdf_fails_with_a_message_and_is_kept(alice, stored_names, content, code, message):
    upload = process(alice, content)
    assert (upload.job.state, upload.job.error_code, upload.job.attempt) == (State.FAILED, code, 1)
    assert message in upload.job.error_message
    assert "The file itself is kept." in upload.problem
    assert stored_names() == ["original"]


def test_pdf_after_a_line_break_gets_renditions(alice):
    upload = process(alice, b"\r\n" + pdf(), "lead.pdf")
    assert upload.content_type == "application/pdf"
    assert upload.renditions.count() == 2
