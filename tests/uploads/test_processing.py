"""What becomes of a file: a checksum, pictures of pictures, and clear words for what can't be read."""

import hashlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.db import OperationalError
from PIL import Image

from progress.exceptions import Cancelled, LostJob
from progress.models import Job, State
from progress.reporter import Progress
from progress.tasks import cancel_job
from tests.helpers import file, files_below, photo, run_queue
from tests.uploads.files import pdf
from tests.uploads.helpers import Silent, bytes_of, encoded, is_red, open_rendition, process
from uploads import processing
from uploads.decoding.preview import Preview
from uploads.models import Rendition, Upload
from uploads.receiving import ingest


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


@pytest.mark.parametrize(
    ("size", "widths"),
    [((100, 50), [100]), ((320, 200), [320]), ((500, 300), [320, 500]), ((1000, 10), [320, 960, 1000]), ((1, 1), [1])],
)
def test_nothing_is_scaled_up(alice, size, widths):
    upload = process(alice, photo(*size, format="PNG"))
    assert [rendition.width for rendition in upload.renditions.all()] == widths


@pytest.mark.parametrize("size", [(50, 20_000), (1, 16_384), (1, 65_000), (2, 40_000)])
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


def test_a_file_that_is_no_picture_is_kept_with_its_checksum(alice, state_dir):
    content = b"just some words\n" * 50_000
    upload = process(alice, content, "photo.jpg")
    assert upload.job.state == State.SUCCEEDED
    assert (upload.content_type, upload.sha256) == ("text/plain", hashlib.sha256(content).hexdigest())
    assert not upload.renditions.exists()
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]


def test_the_words_stay_when_the_job_is_forgotten(alice):
    upload = process(alice, b"\xff\xd8\xff broken")
    Job.objects.all().delete()
    upload.refresh_from_db()
    assert "damaged" in upload.problem


def test_what_a_killed_attempt_left_is_swept_by_the_next(alice, state_dir):
    upload = ingest.create_upload(alice, file(photo()))
    left = state_dir / "tmp" / f"{upload.pk}-abc"
    left.mkdir()
    (left / "1920.webp").write_bytes(b"half")
    run_queue()
    assert list((state_dir / "tmp").iterdir()) == []


def test_processing_twice_gives_the_same_files(alice, state_dir):
    upload = process(alice, photo(1000, 800))
    before = {name: (state_dir / name).read_bytes() for name in files_below(state_dir)}
    processing.process(upload, Silent())
    assert {name: (state_dir / name).read_bytes() for name in files_below(state_dir)} == before
    assert upload.renditions.count() == 3


def test_pictures_that_are_no_longer_made_go(alice, kept, decoder_with, django_capture_on_commit_callbacks):
    upload = process(alice, photo(1000, 500))
    assert kept() == ["1000.webp", "320.webp", "960.webp", "original"]
    decoder_with("raster.WIDTHS = (640, 320)")
    with django_capture_on_commit_callbacks(execute=True):
        processing.process(upload, Silent())
    assert kept() == ["320.webp", "640.webp", "original"]
    assert [made.width for made in upload.renditions.all()] == [320, 640]


def test_files_that_a_killed_attempt_left_without_rows_go(alice, kept, state_dir):
    upload = ingest.create_upload(alice, file(photo()))
    (state_dir / f"media/uploads/{upload.pk}/640.webp").write_bytes(b"from before")
    run_queue()
    assert kept() == ["320.webp", "400.webp", "original"]


def test_an_attempt_that_lost_its_job_touches_nothing_of_the_next_one(alice, kept, state_dir, monkeypatch):
    upload = ingest.create_upload(alice, file(photo()))

    def lose(*args):
        (state_dir / f"media/uploads/{upload.pk}/320.webp").write_bytes(b"the next one's")
        raise LostJob

    monkeypatch.setattr(Preview, "make", lose)
    with pytest.raises(LostJob):
        processing.process(upload, Silent())
    assert kept() == ["320.webp", "original"]


class Cancelling(Progress):
    """Cancelled once it has counted so often in that stage."""

    def __init__(self, name, times):
        super().__init__()
        self.name, self.times = name, times

    def advance(self, n=1):
        if self.current_stage.name == self.name:
            self.times -= 1
        if self.times < 0:
            self.interrupt = Cancelled("The owner has asked for it.")
        super().advance(n)


@pytest.mark.parametrize(
    ("name", "times"),
    [("Checking the file", 0), ("Opening the picture", 0), ("Making pictures", 0), ("Making pictures", 3)],
)
def test_a_cancel_at_any_time_leaves_the_file_alone(alice, kept, state_dir, name, times):
    upload = ingest.create_upload(alice, file(photo()))
    with pytest.raises(Cancelled):
        processing.process(upload, Cancelling(name, times))
    assert kept() == ["original"]
    assert list((state_dir / "tmp").iterdir()) == []


class Elsewhere(Storage):
    """A store that has no paths on this machine. It notes what is fetched from it."""

    def __init__(self):
        self.files, self.fetched = {}, []

    def _open(self, name, mode):
        self.fetched.append(name)
        return ContentFile(self.files[name])

    def _save(self, name, content):
        self.files[name] = content.read()
        return name

    def delete(self, name):
        self.files.pop(name, None)

    def exists(self, name):
        return False

    def listdir(self, path):
        return [], [name.rsplit("/", 1)[1] for name in self.files if name.startswith(path)]


@pytest.fixture
def elsewhere(settings) -> Elsewhere:
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": f"{__name__}.Elsewhere"}}
    default_storage.exists("")  # it is made when it is asked first
    return default_storage._wrapped


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (photo(), ["320.webp", "400.webp", "original"]),
        (pdf(), ["original", "page-1-320.webp", "page-1-960.webp"]),
        (b"words", ["original"]),
    ],
    ids=["picture", "PDF", "text"],
)
def test_a_file_in_a_store_elsewhere_is_fetched_once(alice, elsewhere, state_dir, content, names):
    upload = ingest.create_upload(alice, file(content))
    run_queue()
    upload.refresh_from_db()
    assert upload.job.state == State.SUCCEEDED
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    assert elsewhere.fetched == [upload.file.name]
    assert sorted(elsewhere.files) == [f"uploads/{upload.pk}/{name}" for name in names]
    assert files_below(state_dir) == []


def test_a_store_that_goes_away_does_not_hide_why_the_job_failed(alice, elsewhere, monkeypatch):
    def refuse(path):
        raise OSError("the store is away")

    upload = ingest.create_upload(alice, file(photo()[:300]))
    monkeypatch.setattr(elsewhere, "listdir", refuse)
    run_queue()
    upload.refresh_from_db()
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "unreadable_picture")


def test_the_checksum_is_there_before_the_pictures_are(alice, monkeypatch):
    content = photo()
    upload = ingest.create_upload(alice, file(content))
    seen = []
    monkeypatch.setattr(Preview, "make", lambda *args: seen.append(Upload.objects.get().sha256))
    processing.process(upload, Silent())
    assert seen == [hashlib.sha256(content).hexdigest()]


def moving(format: str, frames: int = 3) -> bytes:
    """It begins red, and goes on in shades of blue."""
    later = [Image.effect_noise((50, 40), 9).point(lambda value: value // 2) for _ in range(frames - 1)]
    blue = [Image.merge("RGB", (Image.new("L", (50, 40)), Image.new("L", (50, 40)), noise)) for noise in later]
    return encoded(Image.new("RGB", (50, 40), "red"), format, save_all=True, append_images=blue, duration=100)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_the_first_frame_of_a_moving_picture_is_its_picture(alice, format):
    upload = process(alice, moving(format))
    assert upload.metadata == {"width": 50, "height": 40, "animated": True, "frames": 3}
    assert is_red(open_rendition(upload.renditions.get()).convert("RGB"), 0.5, 0.5)


def test_a_moving_picture_whose_later_frames_are_cut_off_keeps_its_first(alice):
    content = moving("GIF", frames=9)
    upload = process(alice, content[: len(content) * 2 // 3])
    assert upload.job.state == State.SUCCEEDED
    assert 1 < upload.metadata["frames"] < 9


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
    upload = ingest.create_upload(alice, file(photo()))
    make = Preview.make

    def make_and_delete(*args):
        make(*args)
        with django_capture_on_commit_callbacks(execute=True):
            Upload.objects.get(pk=upload.pk).delete()

    monkeypatch.setattr(Preview, "make", make_and_delete)
    run_queue()
    assert files_below(state_dir) == []
    assert not Rendition.objects.exists()
    assert not Job.objects.exists()


def test_an_upload_deleted_before_its_turn_is_no_error(alice, state_dir, django_capture_on_commit_callbacks):
    upload = ingest.create_upload(alice, file(photo()))
    with django_capture_on_commit_callbacks(execute=True):
        upload.delete()
    assert run_queue() == 1
    assert files_below(state_dir) == []


def test_a_cancelled_upload_keeps_its_file_and_leaves_no_part_of_its_pictures(alice, as_alice, state_dir, monkeypatch):
    stage = Progress.stage

    def cancel_in_the_middle(self, name, **how):
        if name == "Making pictures":
            cancel_job(Job.objects.get())
        stage(self, name, **how)

    upload = ingest.create_upload(alice, file(photo(), "holiday.jpg"))
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "stage", cancel_in_the_middle)
        run_queue()
    upload.refresh_from_db()
    assert upload.job.state == State.CANCELLED
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]
    assert not upload.renditions.exists()
    url = f"/uploads/{upload.pk}/"
    assert f'hx-get="{url}"' in as_alice.get(url).text
    as_alice.post(f"/progress/{upload.job.pk}/retry/")
    run_queue()
    assert upload.renditions.exists()
    assert "<progress-bar src" not in as_alice.get(url).text


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2])
def test_jpeg_that_lacks_only_its_end_marker_gets_pictures(alice, progressive, missing):
    whole = encoded(Image.effect_noise((300, 200), 60).convert("RGB"), "JPEG", progressive=progressive)
    uploads = [process(alice, content) for content in (whole[:-missing], whole)]
    found, wanted = ([bytes_of(rendition) for rendition in upload.renditions.all()] for upload in uploads)
    assert found == wanted != []


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [10, 500, 10_000])
def test_jpeg_that_lacks_pixels_is_damaged(alice, as_alice, progressive, missing):
    whole = encoded(Image.effect_noise((300, 200), 60).convert("RGB"), "JPEG", progressive=progressive)
    upload = process(alice, whole[:-missing])
    assert upload.job.error_code == "unreadable_picture"
    assert not upload.renditions.exists()
    for page in (f"/uploads/{upload.pk}/", "/uploads/"):
        text = as_alice.get(page).text.split("</template>")[-1]
        assert "No preview: the file is damaged" in text
        assert "Try again" not in text


def test_failure_that_is_not_the_files_offers_to_try_again(alice, as_alice):
    upload = process(alice, b"hello")
    Job.objects.update(state=State.FAILED, error_code="internal", error_message="Something went wrong.", percent=0)
    for page in (f"/uploads/{upload.pk}/", "/uploads/"):
        assert "Try again" in as_alice.get(page).text.split("</template>")[-1]
    assert as_alice.get(f"/api/uploads/{upload.pk}/").json()["job"]["retryable"] is True
