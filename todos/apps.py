"""The configuration of the app, which creates its schedules after each migration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TodosConfig(AppConfig):
    name = "todos"

    def ready(self) -> None:
        from todos import retention

        post_migrate.connect(retention.create_schedules, sender=self)
