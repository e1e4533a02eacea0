"""Where Django finds the site itself, and where its system checks are made known."""

from django.apps import AppConfig
from django.core.checks import register


class SiteConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks

        register(checks.origins)
        register(checks.cookies)
