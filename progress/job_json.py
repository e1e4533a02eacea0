"""JSON of a job, the same in all responses and streams."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from progress.models import Job, State


def jobs_url(request: HttpRequest) -> str:
    """Return the absolute URL of all jobs, the base of each job's URL."""
    return request.build_absolute_uri(reverse("progress:api-several"))


def as_json(job: Job, base_url: str) -> dict[str, Any]:
    """Return the job as JSON-serializable values. `base_url` is the result of `jobs_url`."""
    error = {"code": job.error_code, "message": job.error_message} if job.state == State.FAILED else None
    return {
        "id": job.pk,
        "url": f"{base_url}{job.pk}/",
        "label": job.label,
        "state": job.state,
        "percent": job.percent,
        "stage": job.stage,
        "current": job.current,
        "total": job.total,
        "unit": job.unit,
        "eta_seconds": job.eta_seconds,
        "version": job.version,
        "attempt": job.attempt,
        "cancel_requested": job.cancel_requested,
        "result": job.result,
        "error": error,
        "retryable": job.is_retryable,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }
