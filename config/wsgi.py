"""The WSGI entry point that gunicorn loads: `config.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# A web process never forks after this line, so it alone may keep a pool of database connections.
os.environ.setdefault("DATABASE_POOL", "true")

application = get_wsgi_application()
