"""URLs of jobs: pages, JSON API and stream."""

from django.urls import path

from progress import api, views
from progress.live import stream

app_name = "progress"
urlpatterns = [
    path("progress/", views.index, name="index"),
    path("progress/<uuid:job_id>/", views.detail, name="detail"),
    path("progress/<uuid:job_id>/cancel/", views.cancel, name="cancel"),
    path("progress/<uuid:job_id>/retry/", views.retry, name="retry"),
    path("api/progress/", api.several, name="api-several"),
    path("api/progress/stream/", stream.stream, name="api-stream"),
    path("api/progress/<uuid:job_id>/", api.detail, name="api-detail"),
    path("api/progress/<uuid:job_id>/cancel/", api.cancel, name="api-cancel"),
    path("api/progress/<uuid:job_id>/retry/", api.retry, name="api-retry"),
]
