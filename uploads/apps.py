"""App configuration: connects signal handlers and the schedule."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class UploadsConfig(AppConfig):
    name = "uploads"

    def ready(self) -> None:
        from uploads import retention
        from uploads.storage import deletion

        deletion.connect()
        post_migrate.connect(retention.create_schedules, sender=self)
