"""Health check at /healthz/, for load balancers, supervisors and administrators.

The response is public. It lists the failing checks, but the reasons are only logged.
"""

import logging
import os
import shutil
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import database_errors
from progress.models import Worker

logger = logging.getLogger(__name__)

MIN_FREE_BYTES = 16 * 1024**2
"""Free space below which the storage check fails. SQLite's write-ahead log and unfinished uploads need space."""


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Return 200 if all checks pass, and 503 otherwise."""
    checks = {name: "ok" if _passes(name, check) else "failing" for name, check in CHECKS.items()}
    healthy = all(outcome == "ok" for outcome in checks.values())
    return JsonResponse({"status": "ok" if healthy else "failing", "checks": checks}, status=200 if healthy else 503)


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _check_worker() -> None:
    if not Worker.objects.alive().exists():
        raise RuntimeError("no worker has sent a heartbeat recently; is `manage.py qcluster` running?")


def _check_storage() -> None:
    for directory in (settings.STATE_DIR, database_errors.directory()):
        if shutil.disk_usage(directory).free < MIN_FREE_BYTES:
            raise RuntimeError(f"less than {MIN_FREE_BYTES:,} bytes are free on the disk of {directory}")
    default_storage.check()  # type: ignore[attr-defined]  # both classes of uploads.storage define it
    if not os.access(settings.FILE_UPLOAD_TEMP_DIR, os.W_OK | os.X_OK):
        raise RuntimeError(f"{settings.FILE_UPLOAD_TEMP_DIR} is not writable")


CHECKS: dict[str, Callable[[], None]] = {
    "database": _check_database,
    "worker": _check_worker,
    "storage": _check_storage,
}


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception as error:  # noqa: BLE001 (any exception means that the check fails)
        logger.error("health check failed: %s: %s: %s", name, type(error).__name__, error)
        return False
    return True
