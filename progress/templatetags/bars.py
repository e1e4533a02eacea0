"""Bars and sizes for templates; the bar's script calculates the same."""

from django import template

from progress.models import Job
from progress.sizes import size

register = template.Library()
register.filter("size", size)


@register.simple_tag
def overall_percent(job: Job, start: int | str) -> int | None:
    """The percent of a work of which `start` percent are done when the job begins; the job's own if it is all of it."""
    if not start:
        return job.percent
    return int(start) + (job.percent or 0) * (100 - int(start)) // 100
