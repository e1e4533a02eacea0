"""Models of the site itself."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from progress.models import Job

MAIL_INTERVAL = timedelta(hours=1)


class PasswordResetMailManager(models.Manager["PasswordResetMail"]):
    def claim(self, address: str) -> bool:
        """Record that an email with this address or key is sent. Return False if one was sent within MAIL_INTERVAL."""
        now = timezone.now()
        _, is_first = self.get_or_create(address=address, defaults={"sent_at": now})
        return is_first or self.filter(address=address, sent_at__lte=now - MAIL_INTERVAL).update(sent_at=now) == 1


class PasswordResetMail(models.Model):
    """Time of the last email of a kind that anyone can cause. It limits password resets, and notices of changes."""

    address = models.CharField(max_length=254, unique=True, help_text="case-folded")
    sent_at = models.DateTimeField(db_index=True)

    objects = PasswordResetMailManager()

    def __str__(self) -> str:
        return self.address


class Theme(models.TextChoices):
    SYSTEM = "", "System"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class Preferences(models.Model):
    """Choices of one user about the pages. The row is created when the user first saves one."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="preferences")
    theme = models.CharField(max_length=5, choices=Theme, blank=True, default=Theme.SYSTEM)
    shortcuts = models.BooleanField("keyboard shortcuts", default=True)
    time_zone = models.CharField(max_length=64, blank=True, help_text="IANA name; empty for that of the browser")

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"Preferences of {self.user}"


class ExportQuerySet(models.QuerySet["Export"]):
    def available(self) -> Self:
        """Return the exports that can be downloaded."""
        return self.exclude(size=None).filter(created_at__gt=timezone.now() - Export.LIFETIME)

    def expired(self) -> Self:
        return self.filter(created_at__lte=timezone.now() - Export.LIFETIME)


class Export(models.Model):
    """The archive of everything of one user, in the default storage. A new export replaces the last one."""

    LIFETIME = timedelta(days=1)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="export")
    job = models.OneToOneField(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    file = models.FileField()
    size = models.PositiveBigIntegerField(null=True, blank=True, help_text="in bytes; empty until it is complete")
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    objects = ExportQuerySet.as_manager()

    def __str__(self) -> str:
        return self.stored_name

    @property
    def stored_name(self) -> str:
        return f"exports/{self.pk}.zip"

    @property
    def is_running(self) -> bool:
        return self.job is not None and not self.job.is_finished

    @property
    def is_available(self) -> bool:
        """Whether it can be downloaded."""
        return self.size is not None and self.expires_at > timezone.now()

    @property
    def expires_at(self) -> datetime:
        return self.created_at + self.LIFETIME


def delete_archive(instance: Export, **kwargs: Any) -> None:
    """Delete the bytes of a deleted export once the transaction is committed. Signal handler of `post_delete`."""
    transaction.on_commit(lambda: instance.file.delete(save=False), robust=True)
