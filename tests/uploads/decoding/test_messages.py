"""Messages of the decoders. The tests call them in their own process; in production a subprocess does."""

import io
from pathlib import Path

import pytest
from PIL import Image
from PIL.ImageCms import ImageCmsProfile, createProfile

from tests.helpers import photo
from tests.uploads.files import encrypted_pdf, pdf, png


@pytest.fixture
def decode(tmp_path, run_decoder):
    """Return a function that decodes this content and returns the messages."""

    def run(content_type: str, content: bytes) -> list[dict]:
        source = tmp_path / "source"
        source.write_bytes(content)
        return run_decoder(content_type, source, tmp_path)

    return run


def made(path: Path) -> list[tuple[str, tuple[int, int]]]:
    """Return the names and sizes of the renditions."""
    return [(file.name, opened(file).size) for file in sorted(path.glob("*.webp"))]


def opened(file: Path) -> Image.Image:
    with Image.open(file) as image:
        return image.convert("RGBA")


def animation(frames: int) -> bytes:
    written = io.BytesIO()
    first, *others = [Image.new("L", (40, 30), 80 * number) for number in range(frames)]
    first.save(written, "GIF", save_all=True, append_images=others)
    return written.getvalue()


def test_picture_reports_bytes_metadata_and_each_rendition(decode, tmp_path):
    content = photo(400, 300)
    read, metadata, *renditions = decode("image/jpeg", content)
    assert 0 < read["read"] <= len(content)
    assert metadata == {"metadata": {"width": 400, "height": 300}, "total": 2}
    assert renditions == [
        {"made": [{"file": "400.webp", "page": 1, "width": 400, "height": 300}]},
        {"made": [{"file": "320.webp", "page": 1, "width": 320, "height": 240}]},
    ]
    assert made(tmp_path) == [("320.webp", (320, 240)), ("400.webp", (400, 300))]


def test_jpeg_without_its_end_marker_has_a_rendition(decode):
    assert decode("image/jpeg", photo(64, 64)[:-2])[-1]["made"][0]["width"] == 64


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        pytest.param("image/jpeg", photo(400, 300)[:-2000], id="cut short"),
        pytest.param("image/png", photo(400, 300), id="of another type"),
    ],
)
def test_damaged_picture_sends_an_error(decode, content_type, content, capsys):
    assert decode(content_type, content)[-1]["error"] == "unreadable_picture"
    assert "source: " in capsys.readouterr().err


def test_picture_with_too_many_pixels_sends_an_error(decode):
    assert decode("image/png", png(60_000, 60_000, b""))[-1]["error"] == "picture_too_large"


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "No space left on device")])
def test_failure_that_is_not_the_fault_of_the_picture_is_raised(decode, monkeypatch, error):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr(Image.Image, "save", fail)
    content = png(1, 1, bytes(4))
    with pytest.raises(type(error)):
        decode("image/png", content)


@pytest.mark.parametrize(("frames", "reported"), [(1, {}), (3, {"animated": True, "frames": 3})])
def test_metadata_counts_the_frames_of_an_animation(decode, frames, reported):
    *_, metadata, _ = decode("image/gif", animation(frames))
    assert metadata["metadata"] == {"width": 40, "height": 30, **reported}


@pytest.mark.parametrize(
    ("depth", "colours", "pixel", "key", "alpha"),
    [
        (8, 0, b"\x05", b"\x00\x05", 0),
        (8, 0, b"\x05", b"\x00\x06", 255),
        (16, 0, b"\x05\x00", b"\x05\x00", 0),
        (8, 2, b"\x01\x02\x03", b"\x00\x01\x00\x02\x00\x03", 0),
        (16, 2, b"\x01\x00\x02\x00\x03\x00", b"\x01\x00\x02\x00\x03\x00", 0),
    ],
)
def test_transparent_colour_of_a_png_becomes_transparency(decode, tmp_path, depth, colours, pixel, key, alpha):
    decode("image/png", png(1, 1, b"\x00" + pixel, depth=depth, colours=colours, tRNS=key))
    assert opened(tmp_path / "1.webp").getpixel((0, 0))[3] == alpha


def test_grey_of_16_bits_is_reduced_to_8(decode, tmp_path):
    decode("image/png", png(1, 1, b"\x00\x80\x00", depth=16, colours=0))
    assert opened(tmp_path / "1.webp").getpixel((0, 0)) == pytest.approx((128, 128, 128, 255), abs=2)


def test_linear_gamma_is_converted_to_that_of_srgb(decode, tmp_path):
    decode("image/png", png(1, 1, b"\x00\x80\x80\x80", gAMA=(100_000).to_bytes(4)))
    assert opened(tmp_path / "1.webp").getpixel((0, 0)) == pytest.approx((187, 187, 187, 255), abs=3)


@pytest.mark.parametrize(
    "profile", [ImageCmsProfile(createProfile("sRGB")).tobytes(), b"damaged"], ids=["sRGB", "damaged"]
)
@pytest.mark.parametrize("mode", ["RGB", "LA"])
def test_profile_without_effect_keeps_the_colours(decode, tmp_path, mode, profile):
    written = io.BytesIO()
    Image.new("RGB", (1, 1), (200, 200, 200)).convert(mode).save(written, "PNG", icc_profile=profile)
    decode("image/png", written.getvalue())
    assert opened(tmp_path / "1.webp").getpixel((0, 0)) == pytest.approx((200, 200, 200, 255), abs=3)


def test_pdf_reports_pages_and_each_rendition(decode, tmp_path):
    assert decode("application/pdf", pdf(pages=2)) == [
        {"metadata": {"pages": 2}, "total": 2},
        {
            "made": [
                {"file": "page-1-960.webp", "page": 1, "width": 960, "height": 1359},
                {"file": "page-1-320.webp", "page": 1, "width": 320, "height": 453},
            ]
        },
        {"made": [{"file": "page-2-960.webp", "page": 2, "width": 960, "height": 1359}]},
    ]
    assert ("page-1-320.webp", (320, 453)) in made(tmp_path)


def test_invalid_page_has_no_rendition(decode):
    content = pdf(pages=2).replace(b"5 0 obj\n<</Type/Page/", b"5 0 obj\n<</Type/Nope/")
    assert decode("application/pdf", content)[-1] == {"made": []}


@pytest.mark.parametrize(("content", "code"), [(encrypted_pdf(), "encrypted_pdf"), (b"%PDF-1.7", "unreadable_pdf")])
def test_pdf_that_cannot_be_opened_sends_an_error(decode, content, code):
    assert decode("application/pdf", content)[-1]["error"] == code


def test_type_without_a_decoder_is_an_error(decode):
    with pytest.raises(ValueError, match="text/plain"):
        decode("text/plain", b"")
