"""What is done with every upload: a SHA-256, and of pictures three renditions.

Both can be repeated: the same file gives the same rows and the same files, under the same names.
"""

import hashlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from progress.reporter import Progress
from progress.tasks import TaskError
from uploads import pictures
from uploads.models import Rendition, Upload
from uploads.sniff import PICTURE_TYPES

CHUNK_BYTES = 256 * 1024
CHECKSUM_WEIGHT = 0.05
"""The share of a picture's job that its checksum is, by the time it takes for a photo of 12 megapixels."""


def process(upload: Upload, progress: Progress) -> None:
    """Do it all. Raises TaskError when the file claims to be a picture and can't be read as one."""
    is_picture = upload.content_type in PICTURE_TYPES
    checksum(upload, progress, weight=CHECKSUM_WEIGHT if is_picture else 1.0)
    if is_picture:
        make_renditions(upload, progress)


def checksum(upload: Upload, progress: Progress, weight: float) -> None:
    digest = hashlib.sha256()
    progress.stage("Checking the file", total=upload.size, unit="bytes", weight=weight)
    with upload.file.open() as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            progress.advance(len(chunk))
    Upload.objects.filter(pk=upload.pk).update(sha256=digest.hexdigest())


def make_renditions(upload: Upload, progress: Progress) -> None:
    mine = f"{upload.pk}-"
    for left_by_a_killed_attempt in settings.FILE_UPLOAD_TEMP_DIR.glob(f"{mine}*"):
        shutil.rmtree(left_by_a_killed_attempt, ignore_errors=True)
    with TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR, prefix=mine) as directory:
        try:
            picture = pictures.make(Path(upload.file.path), Path(directory), progress)
        except TaskError as error:
            Upload.objects.filter(pk=upload.pk).update(metadata={"problem": error.message})
            raise
        _keep(upload, picture)


def _keep(upload: Upload, picture: pictures.Picture) -> None:
    """Store the renditions, then their rows; of those that get no row, as when the upload is gone, leave no file."""
    names = {made.width: f"uploads/{upload.pk}/{made.width}.webp" for made in picture.renditions}
    try:
        for made in picture.renditions:
            with made.path.open("rb") as file:
                default_storage.save(names[made.width], File(file))
        _record(upload, picture, names)
    except BaseException:
        recorded = set(Rendition.objects.filter(upload=upload).values_list("file", flat=True))
        for name in set(names.values()) - recorded:
            default_storage.delete(name)
        raise


@transaction.atomic
def _record(upload: Upload, picture: pictures.Picture, names: dict[int, str]) -> None:
    if not Upload.objects.filter(pk=upload.pk).update(metadata={"width": picture.width, "height": picture.height}):
        raise TaskError("deleted", "The file was deleted while it was processed.")
    for made in picture.renditions:
        values = {"file": names[made.width], "height": made.height, "size": made.path.stat().st_size}
        Rendition.objects.update_or_create(upload=upload, width=made.width, defaults=values)
