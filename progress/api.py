"""A job as JSON: what the progress bar polls."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from progress.lookup import for_job
from progress.models import Job


@never_cache
@require_safe
@for_job
def detail(request: HttpRequest, job: Job) -> HttpResponse:
    return JsonResponse(as_json(job, request))


def as_json(job: Job, request: HttpRequest) -> dict[str, Any]:
    """The job as the contract has it; the request says which host its URL has."""
    error = {"code": job.error_code, "message": job.error_message} if job.error_code else None
    return {
        "id": job.pk,
        "url": request.build_absolute_uri(job.api_url),
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
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }
