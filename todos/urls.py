"""The URLs of to-dos."""

from django.urls import path

from todos import views

app_name = "todos"
urlpatterns = [
    path("todos/", views.index, name="index"),
    path("todos/<int:todo_id>/", views.edit, name="edit"),
    path("todos/<int:todo_id>/toggle/", views.toggle, name="toggle"),
    path("todos/<int:todo_id>/delete/", views.delete, name="delete"),
]
