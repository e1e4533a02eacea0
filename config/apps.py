"""Where Django finds the site itself, where its system checks are made known, and its schedule is made."""

from django.apps import AppConfig, apps
from django.core.checks import register
from django.db.models.signals import post_migrate


class SiteConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks, retention

        register(checks.origins)
        register(checks.cookies)
        post_migrate.connect(retention.plan, sender=apps.get_app_config("sessions"))
