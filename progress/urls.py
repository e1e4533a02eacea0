"""The URLs of jobs: a page for people, JSON for programs."""

from django.urls import path

from progress import api, views

app_name = "progress"
urlpatterns = [
    path("progress/<uuid:job_id>/", views.detail, name="detail"),
    path("api/progress/<uuid:job_id>/", api.detail, name="api-detail"),
]
