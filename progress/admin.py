"""Admin of jobs and workers: read-only, because workers write the rows; jobs can be cancelled and retried."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Script
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from progress.models import Job, Worker
from progress.tasks import cancel_job, retry_job

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Job | Worker]
else:
    ModelAdmin = admin.ModelAdmin  # has no type parameters at run time


class ReadOnlyAdmin(ModelAdmin):
    """Read-only list that reloads itself every few seconds."""

    class Media:
        js = [Script("progress/admin-live.js", type="module")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    actions = ["cancel", "retry"]
    list_display = ["label", "owner", "state", "bar", "tries", "age", "worker"]
    list_filter = ["state", "task", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["id", "label", "owner__username", "error_message", "worker", "request_id"]
    date_hierarchy = "created_at"

    @admin.display(description="progress", ordering="percent")
    def bar(self, job: Job) -> SafeString:
        if job.percent is None:
            return format_html("{}", "–" if job.is_finished else "not known yet")
        return format_html('<progress value="{0}" max="100">{0} %</progress> {0} %', job.percent)

    @admin.display(description="attempt", ordering="attempt")
    def tries(self, job: Job) -> str:
        return f"{job.attempt} of {job.max_attempts}"

    @admin.display(description="age", ordering="-created_at")
    def age(self, job: Job) -> str:
        return timesince(job.created_at, depth=1)

    @admin.action(description="Cancel the selected jobs", permissions=["control"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        self._do(request, jobs, cancel_job, "cancelled or asked to stop", "had already finished")

    @admin.action(description="Try the selected jobs again", permissions=["control"])
    def retry(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        self._do(request, jobs, retry_job, "queued again", "had neither failed nor been cancelled")

    def has_control_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may cancel and retry jobs: with the permission to change them."""
        return request.user.has_perm("progress.change_job")

    def _do(
        self, request: HttpRequest, jobs: QuerySet[Job], action: Callable[[Job], bool], done: str, not_done: str
    ) -> None:
        results = [action(job) for job in jobs]
        if results.count(True):
            self.message_user(request, f"{results.count(True)} {done}.", messages.SUCCESS)
        if results.count(False):
            self.message_user(request, f"{results.count(False)} {not_done}.", messages.WARNING)


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """List of clusters, with their last heartbeat and running jobs."""

    list_display = ["name", "alive", "started_at", "last_heartbeat", "running_jobs"]

    @admin.display(boolean=True)
    def alive(self, worker: Worker) -> bool:
        return worker.is_alive

    @admin.display(ordering="beaten_at")
    def last_heartbeat(self, worker: Worker) -> str:
        return f"{timesince(worker.beaten_at)} ago"

    def running_jobs(self, worker: Worker) -> str | SafeString:
        count = worker.running.count()
        if not count:
            return "–"
        query = urlencode({"q": f"{worker.name}:", "state__exact": "running"})
        url = f"{reverse('admin:progress_job_changelist')}?{query}"
        return format_html('<a href="{}">{} {}</a>', url, count, "job" if count == 1 else "jobs")
