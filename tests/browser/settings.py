"""Settings of `make run` with a fast hash of passwords, and static files that browsers cache, as in production.

Most tests sign up, which would take half a second. Pages have up to forty static files, which a browser would
otherwise request again for each page.
"""

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_MAX_AGE = 3600
