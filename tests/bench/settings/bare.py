"""Django-Q2 with its own queue in the database and nothing of ours, keeping no results."""

from config.settings import *  # noqa: F403
from config.settings import Q_CLUSTER as OURS

INSTALLED_APPS = ["django_q", "django.contrib.auth", "django.contrib.contenttypes"]
ROOT_URLCONF = "django.contrib.auth.urls"
Q_CLUSTER = {"name": OURS["name"], "orm": "default", "workers": 2, "save_limit": -1}
