"""Template tags of progress bars and sizes. `progress-bar.js` has the same rules."""

from django import template

from progress.models import Job
from progress.sizes import size

register = template.Library()
register.filter("size", size)


@register.simple_tag
def overall_percent(job: Job, start: int | str) -> int | None:
    """Return the percent of an operation of which `start` percent were done before the job, such as an upload."""
    if not start:
        return job.percent
    return int(start) + (job.percent or 0) * (100 - int(start)) // 100
