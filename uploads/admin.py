"""Uploads in the admin. What is derived from the bytes can be read, not written."""

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat

from uploads.models import Rendition, Upload


class RenditionInline(admin.TabularInline):
    model = Rendition
    extra = 0
    can_delete = False
    fields = ("width", "height", "size", "content_type", "path")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    @admin.display(description="file")
    def path(self, rendition: Rendition) -> str:
        """Where it is stored, and no link: the bytes are their owner's."""
        return rendition.file.name or ""


@admin.register(Upload)
class UploadAdmin(admin.ModelAdmin):
    list_display = ["name", "owner", "content_type", "human_size", "state", "created_at"]
    list_filter = ["content_type", "job__state", "created_at"]
    list_select_related = ["owner", "job"]
    search_fields = ["id", "name", "sha256", "owner__username"]
    date_hierarchy = "created_at"
    readonly_fields = ("owner", "size", "content_type", "sha256", "metadata", "path", "job", "created_at")
    fields = ("name", *readonly_fields)
    inlines = [RenditionInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="file")
    def path(self, upload: Upload) -> str:
        """Where it is stored, and no link: the bytes are their owner's."""
        return upload.file.name or ""

    @admin.display(description="size", ordering="size")
    def human_size(self, upload: Upload) -> str:
        return filesizeformat(upload.size)

    @admin.display(description="job", ordering="job__state")
    def state(self, upload: Upload) -> str:
        return upload.job.get_state_display() if upload.job else "–"
