"""What is left of log-ins is deleted, by a schedule of Django-Q2's: ended sessions, and who came from where."""

from datetime import timedelta
from importlib import import_module

from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.utils import timezone

from progress.retention import repeat

LOG_INS_KEPT = timedelta(days=90)

MINUTES = 24 * 60
NAME = "config: forget old log-ins"


def prune() -> None:
    """Delete all that is due."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    for model in (AccessLog, AccessAttempt):
        model.objects.filter(attempt_time__lt=timezone.now() - LOG_INS_KEPT).delete()


def plan(**kwargs: object) -> None:
    """Have it done every day; called after each migration."""
    repeat(NAME, "config.retention.prune", MINUTES)
