"""Where Django finds the site itself, where its system checks are made known, and its schedule is made."""

from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin
from django.core.checks import register
from django.db.models.signals import post_migrate


class SiteConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks, retention

        register(checks.origins)
        register(checks.cookies)
        register(checks.sign_up, deploy=True)
        post_migrate.connect(retention.plan, sender=apps.get_app_config("sessions"))


class AdminConfig(admin.AdminConfig):
    """Django's own, with our UserAdmin, and without models that are not for people.

    A schedule of Django-Q2's runs any function by its name, `os.system` too, so nobody makes one in a browser.
    """

    default = False  # it isn't the configuration of the app `config`
    default_site = "config.admin.AdminSite"
    hidden = ("django_q.Failure", "django_q.OrmQ", "django_q.Schedule", "django_q.Success", "axes.AccessAttempt")

    def ready(self) -> None:
        super().ready()
        from django.contrib.admin import site
        from django.contrib.auth.models import User

        from config.accounts.admin import UserAdmin

        site.unregister(filter(site.is_registered, map(apps.get_model, self.hidden)))
        site.unregister(User)
        site.register(User, UserAdmin)
