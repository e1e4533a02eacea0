"""The URLs of to-dos: pages and the API."""

from django.urls import path

from todos import api, views

app_name = "todos"
urlpatterns = [
    path("todos/", views.index, name="index"),
    path("todos/<int:todo_id>/", views.edit, name="edit"),
    path("todos/<int:todo_id>/toggle/", views.toggle, name="toggle"),
    path("todos/<int:todo_id>/delete/", views.delete, name="delete"),
    path("api/todos/", api.index, name="api-index"),
    path("api/todos/<int:todo_id>/", api.detail, name="api-detail"),
]
