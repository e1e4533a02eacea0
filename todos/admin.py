"""The admin of to-dos, with actions for many to-dos at a time."""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from progress.retention import delete_in_batches
from todos.forms.pages import TextForm
from todos.models import BATCH_SIZE, FOLDED, Attachment, Todo, TodoQuerySet
from uploads.search import fold

if TYPE_CHECKING:
    AttachmentTabularInline = admin.TabularInline[Attachment, Todo]
    TodoModelAdmin = admin.ModelAdmin[Todo]
else:
    AttachmentTabularInline = admin.TabularInline  # has no type parameters at run time
    TodoModelAdmin = admin.ModelAdmin


class AttachmentInline(AttachmentTabularInline):
    model = Attachment
    extra = 0
    autocomplete_fields = ["upload"]


@admin.register(Todo)
class TodoAdmin(TodoModelAdmin):
    form = TextForm
    actions = ["complete", "trash", "restore", "undo"]
    list_display = ["title", "owner", "due_on", "completed_at", "deleted_at"]
    list_filter = [
        ("completed_at", admin.EmptyFieldListFilter),
        ("deleted_at", admin.EmptyFieldListFilter),
        "due_on",
        "created_at",
    ]
    list_select_related = ["owner"]
    search_fields = [*FOLDED.values(), "owner__username"]
    readonly_fields = ["version", "deleted_at", "created_at", "updated_at"]
    autocomplete_fields = ["owner"]
    date_hierarchy = "created_at"
    inlines = [AttachmentInline]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Todo], search_term: str
    ) -> tuple[QuerySet[Todo], bool]:
        return super().get_search_results(request, queryset, fold(search_term))

    @admin.action(description="Complete the selected to-dos", permissions=["change"])
    def complete(self, request: HttpRequest, todos: TodoQuerySet) -> None:
        self._report(request, todos.complete(), "completed")

    @admin.action(description="Move the selected to-dos to the trash", permissions=["delete"])
    def trash(self, request: HttpRequest, todos: TodoQuerySet) -> None:
        self._report(request, todos.trash(), "moved to the trash")

    @admin.action(description="Restore the selected to-dos from the trash", permissions=["change"])
    def restore(self, request: HttpRequest, todos: TodoQuerySet) -> None:
        self._report(request, todos.restore(), "restored from the trash")

    @admin.action(description="Undo the last bulk change of the selected to-dos", permissions=["change"])
    def undo(self, request: HttpRequest, todos: TodoQuerySet) -> None:
        self._report(request, todos.exclude(batch=None).undo(), "undone")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Todo]) -> None:
        delete_in_batches(Todo.objects.filter(pk__in=queryset.values("pk")), BATCH_SIZE)

    def _report(self, request: HttpRequest, ids: list[int], action: str) -> None:
        level = messages.SUCCESS if ids else messages.WARNING
        self.message_user(request, f"{len(ids)} {action}." if ids else f"No to-dos were {action}.", level)
