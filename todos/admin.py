"""To-dos in the admin."""

from django.contrib import admin

from todos.models import Todo


@admin.register(Todo)
class TodoAdmin(admin.ModelAdmin):
    list_display = ["title", "owner", "due_on", "completed_at", "created_at"]
    list_filter = [("completed_at", admin.EmptyFieldListFilter), "due_on", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["title", "notes", "owner__username"]
    readonly_fields = ["created_at", "updated_at"]
    autocomplete_fields = ["owner"]
    date_hierarchy = "created_at"
