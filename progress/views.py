"""A job as a page of its own, which refreshes itself where there is no JavaScript."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from progress.lookup import for_job
from progress.models import Job


@never_cache
@require_safe
@for_job
def detail(request: HttpRequest, job: Job) -> HttpResponse:
    return render(request, "progress/detail.html", {"job": job})
