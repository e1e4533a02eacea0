"""What the site itself keeps in the database."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

MAIL_INTERVAL = timedelta(hours=1)


class PasswordResetMailManager(models.Manager["PasswordResetMail"]):
    def claim(self, address: str) -> bool:
        """Return whether a mail may be sent to this address now, and if so, remember that it is sent."""
        now = timezone.now()
        _, is_first = self.get_or_create(address=address, defaults={"sent_at": now})
        return is_first or self.filter(address=address, sent_at__lte=now - MAIL_INTERVAL).update(sent_at=now) == 1


class PasswordResetMail(models.Model):
    """The last mail with links of password resets to one address: anybody can ask for one to any address."""

    address = models.CharField(max_length=254, unique=True, help_text="case-folded")
    sent_at = models.DateTimeField(db_index=True)

    objects = PasswordResetMailManager()

    def __str__(self) -> str:
        return self.address
