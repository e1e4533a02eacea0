"""Models of uploads (received files), their renditions (scaled pictures), and transfers (resumable uploads).

The bytes of uploads and renditions are in the default storage. Their names there derive from the upload's id: so a
repeated job overwrites its own files, and no name that a user chose reaches the file system.
"""

import uuid
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import PurePosixPath
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone

from progress.models import Job, State
from uploads.kinds import details_of
from uploads.locks import lock_owner
from uploads.search import FoldedNameField, contains, fold_name, words_of

MAX_FOLDED_NAME = 300
"""The number of characters of a folded name. Folding makes some names longer than the 255 characters of a name."""


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: User) -> Self:
        """Return the user's own uploads, without those in the trash."""
        return self.filter(owner=user, deleted_at=None)

    def in_trash(self) -> Self:
        return self.exclude(deleted_at=None)

    def for_list(self) -> Self:
        """Sort by age, newest first, and fetch in two queries all that a list shows."""
        return self.select_related("job").prefetch_related("renditions").order_by("-created_at", "-id")

    def search(self, text: str) -> Self:
        """Filter by words, each of which must occur in the name, possibly inside a longer word."""
        found = self
        for word in words_of(fold_name(text)):
            found = found.filter(contains(word, ["name_folded"]))
        return found

    def refold(self) -> None:
        """Set the folded name of uploads that a release without folded names has created."""
        for pk, name in self.filter(name_folded="").order_by().values_list("pk", "name"):
            self.filter(pk=pk).update(name_folded=fold_name(name)[:MAX_FOLDED_NAME])

    def deleted_together_with(self, upload: "Upload") -> Self:
        """Return the uploads that were moved to the trash at the same time as this one, including this one."""
        return self.in_trash().filter(owner=upload.owner_id, deleted_at=upload.deleted_at)

    def trash(self) -> int:
        """Move uploads to the trash, all at the same time, so that they are restored together. Return their number."""
        return self.filter(deleted_at=None).update(deleted_at=timezone.now())

    def restore(self, owner: User) -> int:
        """Take the owner's uploads out of the trash. Return how many have not been deleted for good."""
        with transaction.atomic():
            lock_owner(owner)
            return self.filter(owner=owner).update(deleted_at=None)

    def older_than(self, created_at: datetime, upload_id: uuid.UUID) -> Self:
        """Return the uploads after this one in the order of `for_list`. It may have been deleted."""
        return self.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=upload_id))

    def newer_than(self, created_at: datetime, upload_id: uuid.UUID) -> Self:
        """Return the uploads before this one in the order of `for_list`."""
        return self.filter(Q(created_at__gt=created_at) | Q(created_at=created_at, id__gt=upload_id))

    def total_bytes(self) -> int:
        return self.aggregate(sum=Sum("size"))["sum"] or 0


def original_path(upload: "Upload", filename: str) -> str:
    return f"uploads/{upload.pk}/original"


class Upload(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)
    file = models.FileField(upload_to=original_path)
    size = models.PositiveBigIntegerField(help_text="in bytes")
    content_type = models.CharField(max_length=100, help_text="detected from the first bytes")
    sha256 = models.CharField(max_length=64, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    name_folded = FoldedNameField("name", max_length=MAX_FOLDED_NAME)
    job = models.OneToOneField(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="when the upload was moved to the trash")

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="upload_by_owner"),
            models.Index(fields=["owner", "name_folded", "id"], name="upload_by_name"),
            models.Index(fields=["owner", "size", "id"], name="upload_by_size"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("uploads:detail", args=[self.pk])

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the upload. Wait first if a worker is just recording renditions of it."""
        with transaction.atomic():
            Upload.objects.select_for_update().filter(pk=self.pk).first()
            return super().delete(*args, **kwargs)

    def trash(self) -> None:
        """Move the upload to the trash, from which `retention.py` deletes it later."""
        Upload.objects.filter(pk=self.pk).trash()

    def restore(self) -> bool:
        """Take the upload out of the trash. Return False if it has been deleted permanently."""
        return bool(Upload.objects.filter(pk=self.pk).restore(self.owner))

    @property
    def etag(self) -> str:
        """The ETag of the file's bytes, which never change."""
        return f'"{self.pk}"'

    @property
    def is_processing(self) -> bool:
        return self.job is not None and not self.job.is_finished

    @property
    def shows_progress_bar(self) -> bool:
        """Whether the owner can wait for the job, cancel it or retry it."""
        return self.job is not None and not self.job.has_expired and (self.is_processing or self.job.is_retryable)

    @property
    def type_label(self) -> str:
        """The extension of the file's name, like "ZIP", which is shown in place of a picture."""
        suffix = PurePosixPath(self.name).suffix.removeprefix(".")
        return suffix.upper() if 0 < len(suffix) <= 5 else "File"

    @property
    def cover(self) -> list["Rendition"]:
        """The renditions of the first page, one for each width."""
        return next(iter(self.pages), [])

    @property
    def pages(self) -> list[list["Rendition"]]:
        """The renditions grouped by page. A picture has one page."""
        return [list(made) for _, made in groupby(self.renditions.all(), key=attrgetter("page"))]

    @property
    def details(self) -> list[tuple[str, str]]:
        """Label and text of what the file's kind shows about it."""
        return list(details_of(self.content_type, self.metadata))

    @property
    def problem(self) -> str:
        """Why the file has no renditions, as a message for its owner. Empty if there is no problem."""
        if "problem" in self.metadata:
            return str(self.metadata["problem"])
        return self.job.error_message if self.job and self.job.state == State.FAILED else ""


class Rendition(models.Model):
    upload = models.ForeignKey(Upload, models.CASCADE, related_name="renditions")
    file = models.FileField()
    page = models.PositiveSmallIntegerField(default=1, db_default=1, help_text="page of a PDF, from 1; 1 for a picture")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField(help_text="in bytes")
    content_type = models.CharField(max_length=100, default="image/webp")

    class Meta:
        ordering = ["page", "width"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "page", "width"], name="one_rendition_a_page_and_width")
        ]

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"

    def get_absolute_url(self) -> str:
        return reverse("uploads:rendition", args=[self.upload_id, self.page, self.width])

    @property
    def etag(self) -> str:
        """The ETag of the bytes. It changes if a newer encoder makes a rendition of another size."""
        return f'"{self.upload_id}-{self.page}-{self.width}-{self.size}"'


class TransferQuerySet(models.QuerySet["Transfer"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(owner=user)

    def pending(self) -> Self:
        """Return transfers, partial ones included, that have neither become an upload nor expired."""
        return self.filter(upload=None, expires_at__gt=timezone.now())

    def unfinished(self) -> Self:
        """Return the pending transfers of whole files, newest first."""
        return self.pending().filter(is_part=False).order_by("-created_at", "-id")

    def expired(self) -> Self:
        return self.filter(upload=None, expires_at__lte=timezone.now())

    def bytes_reserved(self) -> int:
        return self.aggregate(sum=Sum("reserved"))["sum"] or 0


class Transfer(models.Model):
    """A file that is received in one or more requests. `upload` is set when the file is complete.

    The bytes are stored in pieces (see `receiving/pieces.py`); the first `offset` bytes of them are acknowledged.
    A request that writes has the newest claim, and an UPDATE that names an older claim matches no row.
    """

    LIFETIME = timedelta(hours=24)
    """How long after its last byte a transfer expires."""

    RECEIVING_TIMEOUT = timedelta(seconds=5)
    """How long a transfer is regarded as being received after its writer's last write."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, help_text="same as the upload's id")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="transfers")
    upload = models.OneToOneField(Upload, models.CASCADE, null=True, blank=True, related_name="transfer")
    name = models.CharField(max_length=255)
    metadata = models.TextField(blank=True, help_text="Upload-Metadata, as the client sent it")
    concat = models.TextField(blank=True, help_text="Upload-Concat, as the client sent it")
    is_part = models.BooleanField(default=False, help_text="whether this is one part of a file, to be concatenated")
    length = models.PositiveBigIntegerField(null=True, blank=True, help_text="in bytes; empty while unknown")
    offset = models.PositiveBigIntegerField(default=0, help_text="number of acknowledged bytes")
    reserved = models.PositiveBigIntegerField(default=0, help_text="bytes reserved in the owner's quota")
    claim = models.PositiveBigIntegerField(default=0, help_text="number of requests that have started to write")
    writing = models.BooleanField(default=False, help_text="whether the newest claim may still be writing")
    pieces = models.JSONField(default=list, blank=True, help_text="each as [number, start offset], in order")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    objects = TransferQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="transfer_by_owner"),
            models.Index(fields=["expires_at"], name="transfer_by_expiry"),
        ]
        constraints = [
            models.CheckConstraint(
                name="transfer_offset_within_length", condition=Q(length=None) | Q(offset__lte=models.F("length"))
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_complete(self) -> bool:
        """Whether all bytes are acknowledged."""
        return self.offset == self.length

    @property
    def is_receiving(self) -> bool:
        """Whether a request is sending bytes now. Its writer extends the expiry every second."""
        idle = timezone.now() + self.LIFETIME - self.expires_at
        return self.writing and self.upload_id is None and idle < self.RECEIVING_TIMEOUT

    @property
    def is_expired(self) -> bool:
        return self.upload_id is None and self.expires_at <= timezone.now()
