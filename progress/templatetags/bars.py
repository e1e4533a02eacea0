"""Template tags of progress bars, sizes and times. `progress-bar.js` has the same rules."""

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from progress.models import Job
from progress.sizes import size
from progress.times import format_duration, format_time

register = template.Library()
register.filter("size", size)
register.filter("duration", format_duration)


@register.filter
def moment(time: datetime) -> SafeString:
    """Return a <time> element."""
    return format_html('<time datetime="{}">{}</time>', time.isoformat(), format_time(time))


@register.simple_tag
def overall_percent(job: Job, start: int | str) -> int | None:
    """Return the percent of an operation of which `start` percent were done before the job, such as an upload."""
    if not start:
        return job.percent
    return int(start) + (job.percent or 0) * (100 - int(start)) // 100
