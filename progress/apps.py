"""App of jobs. Connects the signals of Django-Q2 and of migrations."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProgressConfig(AppConfig):
    name = "progress"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django_q.signals import post_execute_in_worker, post_spawn, pre_execute

        from progress import retention
        from progress.worker import processes

        post_spawn.connect(processes.on_worker_start)
        pre_execute.connect(processes.mark_busy)
        post_execute_in_worker.connect(processes.mark_idle)
        post_migrate.connect(retention.create_schedules, sender=self)
