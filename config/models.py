"""Models of the site itself."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

MAIL_INTERVAL = timedelta(hours=1)


class PasswordResetMailManager(models.Manager["PasswordResetMail"]):
    def claim(self, address: str) -> bool:
        """Record that an e-mail is sent to this address. Return False if one was sent within MAIL_INTERVAL."""
        now = timezone.now()
        _, is_first = self.get_or_create(address=address, defaults={"sent_at": now})
        return is_first or self.filter(address=address, sent_at__lte=now - MAIL_INTERVAL).update(sent_at=now) == 1


class PasswordResetMail(models.Model):
    """Time of the last password reset e-mail to an address. It limits them, since anyone may request them."""

    address = models.CharField(max_length=254, unique=True, help_text="case-folded")
    sent_at = models.DateTimeField(db_index=True)

    objects = PasswordResetMailManager()

    def __str__(self) -> str:
        return self.address


class Theme(models.TextChoices):
    SYSTEM = "", "Same as the device"
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
