"""What is left of log-ins is deleted, by a schedule of Django-Q2's: ended sessions, and who came from where."""

from datetime import timedelta
from importlib import import_module

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.utils import timezone

from config.models import MAIL_INTERVAL, PasswordResetMail
from progress.retention import repeat

LOG_INS_KEPT = timedelta(days=90)
FAILURES_KEPT = timedelta(days=7)
"""Longer than each window of `config.accounts.login_limits`."""

MINUTES = 24 * 60
NAME = "config: forget old log-ins"


def prune() -> None:
    """Delete all that is due."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    for model, kept in ((AccessLog, LOG_INS_KEPT), (AccessAttempt, LOG_INS_KEPT), (AccessFailureLog, FAILURES_KEPT)):
        model.objects.filter(attempt_time__lt=timezone.now() - kept).delete()
    PasswordResetMail.objects.filter(sent_at__lt=timezone.now() - MAIL_INTERVAL).delete()


def plan(**kwargs: object) -> None:
    """Have it done every day; called after each migration."""
    repeat(NAME, "config.retention.prune", MINUTES)
