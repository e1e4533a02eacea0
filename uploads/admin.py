"""Admin of uploads and transfers. Fields that derive from the bytes are read-only."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from progress.retention import delete_in_batches
from progress.sizes import size
from uploads.models import Rendition, Transfer, Upload

if TYPE_CHECKING:
    RenditionTabularInline = admin.TabularInline[Rendition, Upload]
    UploadModelAdmin = admin.ModelAdmin[Upload]
    TransferModelAdmin = admin.ModelAdmin[Transfer]
else:
    RenditionTabularInline = admin.TabularInline  # has no type parameters at run time
    UploadModelAdmin = TransferModelAdmin = admin.ModelAdmin


class RenditionInline(RenditionTabularInline):
    model = Rendition
    extra = 0
    can_delete = False
    fields = ("page", "width", "height", "size", "content_type", "path")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    @admin.display(description="file")
    def path(self, rendition: Rendition) -> str:
        """Return the stored name without a link, since the bytes are private to their owner."""
        return rendition.file.name or ""


@admin.register(Upload)
class UploadAdmin(UploadModelAdmin):
    list_display = ["name", "owner", "content_type", "human_size", "state", "created_at"]
    list_filter = ["content_type", "job__state", "created_at", ("deleted_at", admin.EmptyFieldListFilter)]
    list_select_related = ["owner", "job"]
    search_fields = ["id", "name", "sha256", "owner__username"]
    date_hierarchy = "created_at"
    readonly_fields = ("owner", "size", "content_type", "sha256", "metadata", "path", "job", "created_at", "deleted_at")
    fields = ("name", *readonly_fields)
    inlines = [RenditionInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Upload]) -> None:
        delete_in_batches(Upload.objects.filter(pk__in=queryset.values("pk")), 1)

    @admin.display(description="file")
    def path(self, upload: Upload) -> str:
        """Return the stored name without a link, since the bytes are private to their owner."""
        return upload.file.name or ""

    @admin.display(description="size", ordering="size")
    def human_size(self, upload: Upload) -> str:
        return size(upload.size)

    @admin.display(description="job", ordering="job__state")
    def state(self, upload: Upload) -> str:
        return upload.job.get_state_display() if upload.job else "–"


@admin.register(Transfer)
class TransferAdmin(TransferModelAdmin):
    """Transfers can be deleted, with the bytes received so far."""

    list_display = ["name", "owner", "received", "writing", "is_part", "expires_at"]
    list_filter = [("upload", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["owner"]
    search_fields = ["id", "name", "owner__username"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    @admin.display(description="received", ordering="offset")
    def received(self, transfer: Transfer) -> str:
        length = "?" if transfer.length is None else size(transfer.length)
        return f"{size(transfer.offset)} of {length}"
