"""App configurations of the site and of the admin. They register system checks and a schedule."""

from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin
from django.core.checks import register
from django.db.models.signals import post_delete, post_migrate


class SiteConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks, models, retention

        register(checks.check_origins)
        register(checks.check_cookies)
        register(checks.check_sign_up, deploy=True)
        post_delete.connect(models.delete_archive, sender=models.Export)
        post_migrate.connect(retention.create_schedules, sender=apps.get_app_config("sessions"))


class AdminConfig(admin.AdminConfig):
    """Django's configuration, with `UserAdmin` of this site and without the models that are for programs only.

    A Django-Q2 schedule runs any function by its name, even `os.system`, so it must not be editable in a browser.
    """

    default = False  # the configuration of the app `config` is SiteConfig
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
