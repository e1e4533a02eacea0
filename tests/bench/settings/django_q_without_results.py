"""Django-Q2 without Headway, with its queue in the database. It keeps no results."""

from config.settings import ALLOWED_HOSTS, DATABASES, DEFAULT_AUTO_FIELD, SECRET_KEY, USE_TZ  # noqa: F401

INSTALLED_APPS = ["django_q", "django.contrib.auth", "django.contrib.contenttypes"]
ROOT_URLCONF = "django.contrib.auth.urls"
Q_CLUSTER = {"name": "headway", "orm": "default", "workers": 2, "save_limit": -1}
