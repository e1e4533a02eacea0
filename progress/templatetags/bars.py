"""Template tags of progress bars, sizes and times. `progress-bar.js` has the same rules."""

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from progress.models import Job, State
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
def bar_statistics(job: Job, percent: int | None) -> str:
    """Return the text at the end of a bar, like "64 of 100 rows · 64 %"."""
    is_running = job.state == State.RUNNING
    parts = []
    if is_running and job.unit:
        parts.append(_count(job))
    if percent is not None:
        parts.append(f"{percent} %")
    if is_running and job.eta_seconds:
        parts.append(f"{format_duration(job.eta_seconds)} left")
    return " · ".join(parts)


def _count(job: Job) -> str:
    is_bytes = job.unit == "bytes"
    current, total = [number if number is None or not is_bytes else size(number) for number in (job.current, job.total)]
    count = f"{current}" if total is None else f"{current} of {total}"
    return count if is_bytes else f"{count} {job.unit}"


@register.simple_tag
def overall_percent(job: Job, start: int | str) -> int | None:
    """Return the percent of an operation of which `start` percent were done before the job, such as an upload."""
    if not start:
        return job.percent
    return int(start) + (job.percent or 0) * (100 - int(start)) // 100
