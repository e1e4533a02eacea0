"""Settings of the unit tests: the defaults of development, with a temporary STATE_DIR. DATABASE_URL is respected."""

import atexit
import os
import shutil
import tempfile

_state_dir = tempfile.mkdtemp(prefix="headway-tests-")
atexit.register(shutil.rmtree, _state_dir, ignore_errors=True)
_names = """
ALLOWED_HOSTS COOKIE_DOMAIN DASH_PORT EMAIL_URL FRONTEND_ORIGINS MAX_TODOS MAX_TODO_CHARACTERS MAX_UPLOAD_BYTES
METRICS_ALLOW PORT PROGRESS_RETENTION QUEUE_URL SECRET_KEY SIGNUP_OPEN STORAGE_URL USER_QUOTA_BYTES
WEB_CONCURRENCY WORKER_CONCURRENCY
"""
for _name in _names.split():
    os.environ.pop(_name, None)
os.environ |= {"DEBUG": "true", "STATE_DIR": _state_dir}
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs an event loop in the thread of the tests

from config.settings import *  # noqa: E402, F403

MIGRATION_MODULES = dict.fromkeys(["admin", "auth", "axes", "contenttypes", "sessions"])
"""The tables of these packages are created without their migrations, which takes a second less."""

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if DATABASES["default"]["ENGINE"] == "config.sqlite":  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # noqa: F405  # pytest-django does this for Django's own backend only
