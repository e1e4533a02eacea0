"""A file comes in: it is named, sniffed and kept, and its processing enqueued; all of it, or nothing."""

from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from uploads import tasks
from uploads.models import Upload
from uploads.names import clean_name
from uploads.sniff import BYTES_NEEDED, sniff


def receive(owner: Any, file: UploadedFile) -> Upload:
    """Keep a file that has arrived whole. Raises OSError when the disk is full; then nothing is kept."""
    head = file.read(BYTES_NEEDED)
    file.seek(0)
    upload = Upload(owner=owner, name=clean_name(file.name), size=file.size or 0, content_type=sniff(head))
    path = upload.file.field.generate_filename(upload, "")
    try:
        upload.file.save("", file, save=False)
        with transaction.atomic():
            upload.job = tasks.process.enqueue(owner=owner, upload_id=upload.pk, name=upload.name)
            upload.save()
    except BaseException:
        default_storage.delete(path)
        raise
    return upload
