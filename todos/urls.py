"""The URLs of to-dos, pages and the API, and of the trash."""

from django.urls import path, reverse_lazy
from django.views.generic import RedirectView

from todos import api, live
from todos.import_export import views as import_export
from todos.views import attachments, lists, todo, trash

app_name = "todos"
urlpatterns = [
    path("todos/", lists.index, name="index"),
    path("todos/active/", lists.index, {"status": "active"}, name="active"),
    path("todos/completed/", lists.index, {"status": "completed"}, name="completed"),
    path("todos/today/", lists.index, {"status": "today"}, name="today"),
    path("todos/upcoming/", lists.index, {"status": "upcoming"}, name="upcoming"),
    path("todos/hide-completed/", lists.hide_completed, name="hide-completed"),
    path("todos/several/", lists.add_several, name="several"),
    path("todos/changes/", lists.changes, name="changes"),
    path("todos/attach/", attachments.attach_files, name="attach-files"),
    path("todos/toggle-all/", lists.toggle_all, name="toggle-all"),
    path("todos/clear-completed/", lists.clear_completed, name="clear-completed"),
    path("todos/undo/", lists.undo, name="undo"),
    path("todos/import/", import_export.index, name="import"),
    path("todos/import/<uuid:upload_id>/", import_export.detail, name="import-detail"),
    path("todos/<int:todo_id>/", todo.edit, name="edit"),
    path("todos/<int:todo_id>/rename/", todo.rename, name="rename"),
    path("todos/<int:todo_id>/toggle/", todo.toggle, name="toggle"),
    path("todos/<int:todo_id>/due/", todo.due, name="due"),
    path("todos/<int:todo_id>/move/", todo.move, name="move"),
    path("todos/<int:todo_id>/delete/", todo.delete, name="delete"),
    path("todos/<int:todo_id>/attach/", attachments.attach, name="attach"),
    path("todos/<int:todo_id>/detach/", attachments.detach, name="detach"),
    path("trash/", trash.index, name="trash"),
    path("trash/restore/", trash.restore, name="trash-restore"),
    path("trash/delete/", trash.delete, name="trash-delete"),
    path("todos/trash/", RedirectView.as_view(url=reverse_lazy("todos:trash", query={"kind": "todos"}))),
    path("uploads/trash/", RedirectView.as_view(url=reverse_lazy("todos:trash", query={"kind": "files"}))),
    path("api/todos/", api.index, name="api-index"),
    path("api/todos/preview/", api.preview, name="api-preview"),
    path("api/todos/export/", import_export.api_export, name="api-export"),
    path("api/todos/import/", import_export.api_import, name="api-import"),
    path("api/todos/stream/", live.stream, name="api-stream"),
    path("api/todos/<int:todo_id>/", api.detail, name="api-detail"),
]
