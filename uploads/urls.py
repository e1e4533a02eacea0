"""URLs of uploads: pages, private files, JSON API and tus."""

from django.urls import path

from uploads import api, views
from uploads.receiving import tus

app_name = "uploads"
urlpatterns = [
    path("uploads/", views.index, name="index"),
    path("uploads/selected/download/", views.download_selected, name="download-selected"),
    path("uploads/selected/delete/", views.delete_selected, name="delete-selected"),
    path("uploads/<uuid:upload_id>/", views.detail, name="detail"),
    path("uploads/<uuid:upload_id>/card/", views.card, name="card"),
    path("uploads/<uuid:upload_id>/delete/", views.delete, name="delete"),
    path("uploads/<uuid:upload_id>/restore/", views.restore, name="restore"),
    path("uploads/<uuid:upload_id>/download/", views.download, name="download"),
    path("uploads/<uuid:upload_id>/<int:page>/<int:width>.webp", views.rendition, name="rendition"),
    path("uploads/unfinished/<uuid:transfer_id>/discard/", views.discard, name="discard"),
    path("api/uploads/", api.index, name="api-index"),
    path("api/uploads/<uuid:upload_id>/", api.detail, name="api-detail"),
    path("api/tus", tus.index, name="tus-index"),
    path("api/tus/", tus.index),
    path("api/tus/<uuid:transfer_id>", tus.detail, name="tus-detail"),
    path("api/tus/<uuid:transfer_id>/", tus.detail),
    path("api/tus/<uuid:transfer_id>/checksum", tus.checksum, name="tus-checksum"),
]
