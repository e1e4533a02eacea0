"""Jobs and clusters in the admin: to look at or delete, never to edit, because a job's row is written by its worker."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from progress.models import Job, Worker


class ReadOnlyAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ["label", "owner", "state", "bar", "stage", "attempt", "created_at", "finished_at"]
    list_filter = ["state", "task", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["id", "label", "owner__username", "error_message"]
    date_hierarchy = "created_at"

    @admin.display(description="progress", ordering="percent")
    def bar(self, job: Job) -> SafeString:
        if job.percent is None:
            return format_html("{}", "–" if job.is_finished else "not known yet")
        return format_html('<progress value="{0}" max="100">{0} %</progress> {0} %', job.percent)


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ["name", "started_at", "beaten_at"]
