"""Hourly deletion of expired sessions and exports, and of old records of logins, by a Django-Q2 schedule."""

from datetime import timedelta
from importlib import import_module

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.utils import timezone

from config.models import MAIL_INTERVAL, Export, PasswordResetMail
from progress.retention import delete_in_batches, ensure_schedule

RETENTION = {
    AccessLog: timedelta(days=90),
    AccessAttempt: timedelta(days=90),
    AccessFailureLog: timedelta(days=7),  # longer than every window of config.accounts.login_limits
}

INTERVAL_MINUTES = 60
NAME = "config: delete old sessions and records of log-ins"


def prune() -> None:
    """Delete everything that has expired. Stored schedules call this function by its dotted path."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    delete_in_batches(Export.objects.expired(), 1)
    for model, age in RETENTION.items():
        model.objects.filter(attempt_time__lt=timezone.now() - age).delete()
    PasswordResetMail.objects.filter(sent_at__lt=timezone.now() - MAIL_INTERVAL).delete()


def create_schedules(**kwargs: object) -> None:
    """Create or update the schedule. Called after each migration."""
    ensure_schedule(NAME, "config.retention.prune", INTERVAL_MINUTES)
