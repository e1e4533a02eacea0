"""Settings of `make run`, with a fast hash of passwords: most browser tests sign up, which takes half a second."""

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
