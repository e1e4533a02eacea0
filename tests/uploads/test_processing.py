"""What becomes of a file: a checksum, pictures of pictures, and clear words for what can't be read."""

import hashlib
import io
import re
import struct
import zlib
from pathlib import Path

import pytest
from django.db import OperationalError
from PIL import Image, ImageCms

from progress.models import Job, State
from progress.reporter import Progress
from progress.tasks import cancel_job
from tests.helpers import file, files_below, photo, run_queue
from uploads import child, decoder, processing, receiving
from uploads.models import Rendition, Upload
from uploads.pictures import Pictures


def process(owner, content: bytes, name="photo.jpg") -> Upload:
    """Receive a file and do its job, with the real decoder process."""
    upload = receiving.receive(owner, file(content, name))
    run_queue()
    upload.refresh_from_db()
    return upload


def open_rendition(rendition: Rendition) -> Image.Image:
    return Image.open(io.BytesIO(bytes_of(rendition)))


def bytes_of(rendition: Rendition) -> bytes:
    return Path(rendition.file.path).read_bytes()


def test_a_photo_gets_three_webp_renditions(alice):
    upload = process(alice, photo(2400, 1800))
    assert upload.job.state == State.SUCCEEDED
    assert upload.metadata == {"width": 2400, "height": 1800}
    made = [(rendition.width, rendition.height) for rendition in upload.renditions.all()]
    assert made == [(320, 240), (960, 720), (1920, 1440)]
    for rendition in upload.renditions.all():
        image = open_rendition(rendition)
        assert (image.format, image.size) == ("WEBP", (rendition.width, rendition.height))
        assert rendition.size == rendition.file.size


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_its_exif_says_and_loses_its_metadata(alice, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Secret Camera"
    upload = process(alice, photo(400, 300, exif=exif))
    on_its_side = orientation >= 5
    assert upload.metadata == ({"width": 300, "height": 400} if on_its_side else {"width": 400, "height": 300})
    for rendition in upload.renditions.all():
        image = open_rendition(rendition).convert("RGB")
        assert not open_rendition(rendition).getexif()
        assert b"Secret" not in bytes_of(rendition)
        corners = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)]
        red = [is_red(image, *corner) for corner in corners]
        # Where the top left corner of the stored picture is to be seen: EXIF 2.32 §4.6.4.A, tag 0x0112.
        assert red.index(True) == {1: 0, 2: 1, 3: 2, 4: 3, 5: 0, 6: 1, 7: 2, 8: 3}[orientation]
        assert red.count(True) == 1


def is_red(image, x, y) -> bool:
    red, _, blue = image.getpixel((int(image.width * x), int(image.height * y)))
    return red > blue


@pytest.mark.parametrize(
    ("size", "widths"),
    [((100, 50), [100]), ((320, 200), [320]), ((500, 300), [320, 500]), ((1000, 10), [320, 960, 1000]), ((1, 1), [1])],
)
def test_nothing_is_scaled_up(alice, size, widths):
    upload = process(alice, photo(*size, format="PNG"))
    assert [rendition.width for rendition in upload.renditions.all()] == widths


@pytest.mark.parametrize("size", [(400, 20_000), (1, 16_384), (1, 65_000), (2, 40_000)])
def test_a_very_tall_picture_fits_into_a_webp(alice, size):
    upload = process(alice, photo(*size, format="PNG"))
    assert upload.job.state == State.SUCCEEDED
    assert max(rendition.height for rendition in upload.renditions.all()) <= 16383


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF"])
def test_all_kinds_of_pictures(alice, format):
    import pillow_heif

    pillow_heif.register_heif_opener()
    upload = process(alice, photo(format=format), "mislabelled.txt")
    assert upload.job.state == State.SUCCEEDED
    image = open_rendition(upload.renditions.last()).convert("RGB")
    assert is_red(image, 0.1, 0.1)
    assert not is_red(image, 0.9, 0.9)


@pytest.mark.parametrize("orientation", [0, 9, 99])
def test_a_senseless_orientation_is_none(alice, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    upload = process(alice, photo(400, 300, exif=exif))
    assert upload.metadata == {"width": 400, "height": 300}
    image = open_rendition(upload.renditions.last()).convert("RGB")
    assert (image.size, is_red(image, 0.1, 0.1)) == ((400, 300), True)


def test_colours_are_converted_from_the_profile_that_the_picture_carries(alice):
    """In a profile whose red and blue are swapped, what is stored as red is to be seen as blue."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"tmpX").replace(b"bXYZ", b"rXYZ").replace(b"tmpX", b"bXYZ")
    for mode in ("RGB", "RGBA"):
        content = io.BytesIO()
        Image.new(mode, (50, 50), "red").save(content, "PNG", icc_profile=swapped)
        upload = process(alice, content.getvalue())
        assert not is_red(open_rendition(upload.renditions.get()).convert("RGB"), 0.5, 0.5)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_broken_profile_does_not_lose_the_picture(alice, format):
    upload = process(alice, photo(format=format, icc_profile=b"garbage" * 20))
    assert is_red(open_rendition(upload.renditions.last()).convert("RGB"), 0.1, 0.1)


def test_transparency_is_kept(alice):
    content = io.BytesIO()
    Image.new("RGBA", (50, 50), (255, 0, 0, 0)).save(content, "PNG")
    upload = process(alice, content.getvalue())
    assert open_rendition(upload.renditions.get()).getpixel((25, 25))[3] == 0


def test_16_bit_grey_keeps_its_brightness(alice):
    content = io.BytesIO()
    Image.new("I;16", (50, 50), 40_000).save(content, "PNG")
    upload = process(alice, content.getvalue())
    assert open_rendition(upload.renditions.get()).convert("L").getpixel((25, 25)) == pytest.approx(156, abs=3)


def test_a_file_that_is_no_picture_is_kept_with_its_checksum(alice, state_dir):
    content = b"just some words\n" * 50_000
    upload = process(alice, content, "photo.jpg")
    assert upload.job.state == State.SUCCEEDED
    assert (upload.content_type, upload.sha256) == ("text/plain", hashlib.sha256(content).hexdigest())
    assert not upload.renditions.exists()
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 10_000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (photo(1200, 900)[:5000], "unreadable_picture", "damaged or cut short"),
        (b"\xff\xd8\xff" + b"nonsense" * 100, "unreadable_picture", "damaged or cut short"),
        (b"\x89PNG\r\n\x1a\n", "unreadable_picture", "damaged or cut short"),
        (b"GIF89a", "unreadable_picture", "damaged or cut short"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unreadable_picture", "damaged or cut short"),
        (bomb(50_000, 50_000), "picture_too_large", "more than 200 million pixels"),
        (bomb(15_000, 15_000), "picture_too_large", "more than 200 million pixels"),
    ],
    ids=["truncated", "fake JPEG", "only a signature", "only a GIF signature", "fake HEIC", "bomb", "small bomb"],
)
def test_a_picture_that_can_not_be_read_fails_with_clear_words_and_is_kept(alice, state_dir, content, code, words):
    upload = process(alice, content)
    assert (upload.job.state, upload.job.error_code, upload.job.attempt) == (State.FAILED, code, 1)
    assert words in upload.job.error_message
    assert upload.problem == upload.job.error_message
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]


def test_the_words_stay_when_the_job_is_forgotten(alice):
    upload = process(alice, b"\xff\xd8\xff broken")
    Job.objects.all().delete()
    upload.refresh_from_db()
    assert "damaged" in upload.problem


@pytest.mark.parametrize("limit", ["MEMORY_BYTES = 150 * 2**20", "CPU_SECONDS = 1"])
def test_a_picture_that_needs_too_much_is_ended_by_its_limit(alice, state_dir, monkeypatch, limit):
    """The real decoder, with a limit that this picture exceeds."""
    source = Path(decoder.__file__).read_text()
    name = limit.split(" = ")[0]
    script = state_dir / "decoder.py"
    script.write_text(re.sub(rf"^{name} = .*$", limit, source, flags=re.MULTILINE))
    assert limit in script.read_text()
    monkeypatch.setattr(pictures, "DECODER", [str(script)])
    upload = process(alice, photo(12_000, 12_000, format="PNG", compress_level=1))
    script.unlink()
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "picture_too_demanding")
    assert "memory or time" in upload.problem
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]


@pytest.mark.parametrize("broken", ["import nothing_of_this_name", "import os; os.kill(os.getpid(), 15)"])
def test_a_decoder_that_is_broken_or_stopped_is_our_fault_and_tried_again(alice, state_dir, monkeypatch, broken):
    script = state_dir / "broken.py"
    script.write_text(broken)
    monkeypatch.setattr(pictures, "DECODER", [str(script)])
    upload = process(alice, photo())
    assert (upload.job.state, upload.job.error_code, upload.job.attempt) == (State.FAILED, "internal", 3)


def test_what_a_killed_attempt_left_is_swept_by_the_next(alice, state_dir):
    upload = receiving.receive(alice, file(photo()))
    left = state_dir / "tmp" / f"{upload.pk}-abc"
    left.mkdir()
    (left / "1920.webp").write_bytes(b"half")
    run_queue()
    assert list((state_dir / "tmp").iterdir()) == []


def test_a_decoder_that_hangs_is_killed(alice, state_dir, monkeypatch):
    script = state_dir / "hang.py"
    script.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(pictures, "DECODER", [str(script)])
    monkeypatch.setattr(pictures, "WALL_SECONDS", 0.2)
    upload = process(alice, photo())
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "picture_too_demanding")


class Silent:
    """Progress that nobody watches."""

    def stage(self, *args, **kwargs): ...
    def advance(self, n=1): ...


def test_processing_twice_gives_the_same_files(alice, state_dir):
    upload = process(alice, photo(1000, 800))
    before = {name: (state_dir / name).read_bytes() for name in files_below(state_dir)}
    processing.process(upload, Silent())
    assert {name: (state_dir / name).read_bytes() for name in files_below(state_dir)} == before
    assert upload.renditions.count() == 3


def test_when_the_rows_can_not_be_written_again_the_pictures_stay(alice, state_dir, monkeypatch):
    upload = process(alice, photo(1000, 800))
    before = files_below(state_dir)
    assert len(before) == 4

    def locked(**values):
        raise OperationalError("database is locked")

    monkeypatch.setattr(Rendition.objects, "update_or_create", locked)
    with pytest.raises(OperationalError):
        processing.process(upload, Silent())
    assert files_below(state_dir) == before


def test_an_upload_deleted_while_it_is_processed_leaves_nothing(
    alice, state_dir, monkeypatch, django_capture_on_commit_callbacks
):
    upload = receiving.receive(alice, file(photo()))
    make = Pictures.make

    def make_and_delete(*args):
        make(*args)
        with django_capture_on_commit_callbacks(execute=True):
            Upload.objects.get(pk=upload.pk).delete()

    monkeypatch.setattr(Pictures, "make", make_and_delete)
    run_queue()
    assert files_below(state_dir) == []
    assert not Rendition.objects.exists()
    assert not Job.objects.exists()


def test_an_upload_deleted_before_its_turn_is_no_error(alice, state_dir, django_capture_on_commit_callbacks):
    upload = receiving.receive(alice, file(photo()))
    with django_capture_on_commit_callbacks(execute=True):
        upload.delete()
    assert run_queue() == 1
    assert files_below(state_dir) == []


def test_the_decoder_says_what_it_does(tmp_path):
    (tmp_path / "photo").write_bytes(photo(1000, 500))
    said = []
    decoder.main(tmp_path / "photo", tmp_path, said.append)
    assert said == [
        {"width": 1000, "height": 500, "total": 3},
        {"file": "1000.webp", "width": 1000, "height": 500},
        {"file": "960.webp", "width": 960, "height": 480},
        {"file": "320.webp", "width": 320, "height": 160},
    ]


def test_a_cancelled_upload_keeps_its_file_and_leaves_no_part_of_its_pictures(alice, as_alice, state_dir, monkeypatch):
    stage = Progress.stage

    def cancel_in_the_middle(self, name, **how):
        if name == "Making pictures":
            cancel_job(Job.objects.get())
        stage(self, name, **how)

    upload = receiving.receive(alice, file(photo(), "holiday.jpg"))
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "stage", cancel_in_the_middle)
        run_queue()
    upload.refresh_from_db()
    assert upload.job.state == State.CANCELLED
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]
    assert not upload.renditions.exists()
    url = f"/uploads/{upload.pk}/"
    assert f'data-refresh="{url}"' in as_alice.get(url).text
    as_alice.post(f"/progress/{upload.job.pk}/retry/")
    run_queue()
    assert upload.renditions.exists()
    assert "<progress-bar" not in as_alice.get(url).text
