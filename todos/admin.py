"""To-dos in the admin: looked for, completed, put into the trash and taken out of it, many at once."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from progress.retention import delete_in_batches
from todos.forms import TextForm
from todos.models import BATCH_SIZE, Attachment, Todo, TodoQuerySet
from todos.search import FOLDED, fold


class AttachmentInline(admin.TabularInline):
    model = Attachment
    extra = 0
    autocomplete_fields = ["upload"]


@admin.register(Todo)
class TodoAdmin(admin.ModelAdmin):
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
        self._say(request, todos.complete(), "completed")

    @admin.action(description="Put the selected to-dos into the trash", permissions=["delete"])
    def trash(self, request: HttpRequest, todos: TodoQuerySet) -> None:
        self._say(request, todos.trash(), "put into the trash")

    @admin.action(description="Take the selected to-dos out of the trash", permissions=["change"])
    def restore(self, request: HttpRequest, todos: TodoQuerySet) -> None:
        self._say(request, todos.restore(), "taken out of the trash")

    @admin.action(description="Undo the last change of several to-dos, for the selected ones", permissions=["change"])
    def undo(self, request: HttpRequest, todos: TodoQuerySet) -> None:
        self._say(request, todos.exclude(batch=None).undo(), "undone")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Todo]) -> None:
        delete_in_batches(Todo.objects.filter(pk__in=queryset.values("pk")), BATCH_SIZE)

    def _say(self, request: HttpRequest, ids: list[int], done: str) -> None:
        level = messages.SUCCESS if ids else messages.WARNING
        self.message_user(request, f"{len(ids)} {done}." if ids else f"None needed to be {done}.", level)
