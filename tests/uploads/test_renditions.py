"""Renditions of pictures: sizes, orientation, formats, animations and damaged files."""

import pytest
from PIL import Image

from progress.models import State
from tests.helpers import main_part, photo
from tests.uploads.helpers import encode, is_red, open_rendition, process, rendition_bytes

pytestmark = pytest.mark.usefixtures("decode_in_process")


def test_photo_gets_three_webp_renditions(alice):
    upload = process(alice, photo(2400, 1800))
    assert upload.job.state == State.SUCCEEDED
    assert upload.metadata == {"width": 2400, "height": 1800}
    sizes = [(rendition.width, rendition.height) for rendition in upload.renditions.all()]
    assert sizes == [(320, 240), (960, 720), (1920, 1440)]
    for rendition in upload.renditions.all():
        image = open_rendition(rendition)
        assert (image.format, image.size) == ("WEBP", (rendition.width, rendition.height))
        assert rendition.size == rendition.file.size


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rendition_is_rotated_by_exif_orientation_and_has_no_metadata(alice, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Secret Camera"
    upload = process(alice, photo(400, 300, exif=exif))
    is_transposed = orientation >= 5
    assert upload.metadata == ({"width": 300, "height": 400} if is_transposed else {"width": 400, "height": 300})
    for rendition in upload.renditions.all():
        image = open_rendition(rendition).convert("RGB")
        assert not open_rendition(rendition).getexif()
        assert b"Secret" not in rendition_bytes(rendition)
        corners = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)]
        red = [is_red(image, *corner) for corner in corners]
        # The corner in which the top left pixel of the file is displayed: EXIF 2.32 §4.6.4.A, tag 0x0112.
        assert red.index(True) == {1: 0, 2: 1, 3: 2, 4: 3, 5: 0, 6: 1, 7: 2, 8: 3}[orientation]
        assert red.count(True) == 1


@pytest.mark.parametrize(
    ("size", "widths"),
    [((100, 50), [100]), ((320, 200), [320]), ((500, 300), [320, 500]), ((1000, 10), [320, 960, 1000]), ((1, 1), [1])],
)
def test_renditions_are_never_larger_than_the_picture(alice, size, widths):
    upload = process(alice, photo(*size, format="PNG"))
    assert [rendition.width for rendition in upload.renditions.all()] == widths


@pytest.mark.parametrize("size", [(50, 20_000), (1, 16_384), (1, 65_000), (2, 40_000)])
def test_renditions_of_a_tall_picture_are_within_the_size_limit_of_webp(alice, size):
    upload = process(alice, photo(*size, format="PNG"))
    assert upload.job.state == State.SUCCEEDED
    assert max(rendition.height for rendition in upload.renditions.all()) <= 16383


@pytest.mark.parametrize("orientation", [0, 9, 99])
def test_invalid_exif_orientation_is_ignored(alice, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    upload = process(alice, photo(400, 300, exif=exif))
    assert upload.metadata == {"width": 400, "height": 300}
    image = open_rendition(upload.renditions.last()).convert("RGB")
    assert (image.size, is_red(image, 0.1, 0.1)) == ((400, 300), True)


@pytest.mark.parametrize(
    ("written", "metadata", "shown"),
    [
        ("2026:08:01 09:03:07", {"taken": "2026-08-01T09:03:07"}, ["1 Aug 2026, 09:03"]),
        ("0000:00:00 00:00:00", {}, []),
        ("    :  :     :  :  ", {}, []),
        ("2026:08:01", {}, []),
        (7, {}, []),
    ],
)
def test_time_at_which_a_photo_was_taken_is_read_and_shown(alice, written, metadata, shown):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = written
    upload = process(alice, photo(400, 300, exif=exif))
    assert upload.metadata == {"width": 400, "height": 300, **metadata}
    assert [text for label, text in upload.details if label == "Taken"] == shown


def animation(format: str, frames: int = 3) -> bytes:
    """Return an animated picture whose first frame is red. The other frames are blue noise."""
    noises = [Image.effect_noise((50, 40), 9).point(lambda value: value // 2) for _ in range(frames - 1)]
    blue = [Image.merge("RGB", (Image.new("L", (50, 40)), Image.new("L", (50, 40)), noise)) for noise in noises]
    return encode(Image.new("RGB", (50, 40), "red"), format, save_all=True, append_images=blue, duration=100)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_rendition_of_an_animation_shows_its_first_frame(alice, format):
    upload = process(alice, animation(format))
    assert upload.metadata == {"width": 50, "height": 40, "animated": True, "frames": 3}
    assert is_red(open_rendition(upload.renditions.get()).convert("RGB"), 0.5, 0.5)


def test_truncated_animation_gets_a_rendition_of_its_first_frame(alice):
    content = animation("GIF", frames=9)
    upload = process(alice, content[: len(content) * 2 // 3])
    assert upload.job.state == State.SUCCEEDED
    assert 1 < upload.metadata["frames"] < 9


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2])
def test_jpeg_without_its_end_marker_gets_renditions(alice, progressive, missing):
    whole = encode(Image.effect_noise((300, 200), 60).convert("RGB"), "JPEG", progressive=progressive)
    uploads = [process(alice, content) for content in (whole[:-missing], whole)]
    actual, expected = ([rendition_bytes(rendition) for rendition in upload.renditions.all()] for upload in uploads)
    assert actual == expected != []


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [10, 500, 10_000])
def test_jpeg_without_its_last_pixels_is_reported_as_damaged(alice, as_alice, progressive, missing):
    whole = encode(Image.effect_noise((300, 200), 60).convert("RGB"), "JPEG", progressive=progressive)
    upload = process(alice, whole[:-missing])
    assert upload.job.error_code == "unreadable_picture"
    assert not upload.renditions.exists()
    for page in (f"/uploads/{upload.pk}/", "/uploads/"):
        text = main_part(as_alice.get(page).text)
        assert "No preview: the file is damaged" in text
        assert "Try again" not in text
