"""Every environment variable that Headway reads, read and checked once.

A bad value stops the start with one line that names the variable and what would be right. This module knows
no Django, so that gunicorn's master can check the environment before it forks. `deploy/env.example` explains
each variable to the person who installs Headway.
"""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from environs import Env, EnvError, EnvValidationError, ValidationError, validate

BASE_DIR = Path(__file__).resolve().parent.parent

NAMES = (
    "SECRET_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "FRONTEND_ORIGINS",
    "COOKIE_DOMAIN",
    "QUEUE_URL",
    "STORAGE_URL",
    "MAX_UPLOAD_BYTES",
    "USER_QUOTA_BYTES",
    "SIGNUP_OPEN",
    "EMAIL_URL",
    "PROGRESS_RETENTION",
    "STATE_DIR",
)
"""The contract with whoever installs Headway."""

SECRET = {"SECRET_KEY", "DATABASE_URL", "EMAIL_URL", "QUEUE_URL", "STORAGE_URL"}
"""Values that hold a key or a password: never repeated in an error message."""

DEVELOPMENT_KEY = "only-for-development-and-worth-nothing-because-everybody-can-read-it"
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
GIBIBYTE = 1024**3


def _not_built_yet(instead: str) -> Callable[[str], None]:
    """Refuse a value that the contract foresees and this release can't honour, rather than ignore it."""

    def refuse(value: str) -> None:
        if value:
            raise ValidationError(f"this release can't use it yet; leave it empty ({instead})")

    return refuse


def _complain(errors: Mapping[str, list[str]]) -> SystemExit:
    """One line a variable, ready for a terminal or a journal."""
    lines = []
    for name, messages in errors.items():
        value = "" if name in SECRET else f"={os.environ.get(name, '')!r}"
        lines.append(f"headway: {name}{value}: {' '.join(str(message) for message in messages)}")
    return SystemExit("\n".join(lines))


for _name in NAMES:  # `NAME=` in an env file means "not set"
    if not os.environ.get(_name, "-").strip():
        del os.environ[_name]

env = Env(eager=False)
try:
    DEBUG: bool = env.bool("DEBUG", False)
    SECRET_KEY: str = env.str("SECRET_KEY", DEVELOPMENT_KEY if DEBUG else "")
    ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", LOCAL_HOSTS)
    STATE_DIR: Path = env.path("STATE_DIR", BASE_DIR / "var")
    DATABASE: dict = env.dj_db_url("DATABASE_URL", f"sqlite:///{STATE_DIR}/headway.sqlite3")
    DATABASE_POOL: bool = env.bool("DATABASE_POOL", False)  # set by config/wsgi.py, not by people
    EMAIL: dict = env.dj_email_url("EMAIL_URL", "console:")
    PORT: int = env.int("PORT", 8000)  # of `make run`, like DASH_PORT
    DASH_PORT: int = env.int("DASH_PORT", 8001)
    FRONTEND_ORIGINS: list[str] = env.list("FRONTEND_ORIGINS", [f"http://localhost:{DASH_PORT}"] if DEBUG else [])
    COOKIE_DOMAIN: str | None = env.str("COOKIE_DOMAIN", None)
    QUEUE_URL: str = env.str("QUEUE_URL", "", validate=_not_built_yet("the database is the queue"))
    STORAGE_URL: str = env.str("STORAGE_URL", "", validate=_not_built_yet("files are kept in STATE_DIR"))
    MAX_UPLOAD_BYTES: int = env.int(
        "MAX_UPLOAD_BYTES",
        GIBIBYTE,
        validate=validate.Range(min=1, error="give the size of the largest file in bytes, like 1073741824"),
    )
    USER_QUOTA_BYTES: int = env.int(
        "USER_QUOTA_BYTES",
        0,
        validate=validate.Range(min=0, error="give what one user may keep, in bytes; 0 is no limit"),
    )
    SIGNUP_OPEN: bool = env.bool("SIGNUP_OPEN", True)
    PROGRESS_RETENTION: timedelta = env.timedelta(
        "PROGRESS_RETENTION",
        timedelta(hours=1),
        validate=validate.Range(min=timedelta(seconds=1), error="give a number of seconds, at least 1"),
    )
    env.seal()
except EnvValidationError as error:
    _messages = error.error_messages
    raise _complain(_messages if isinstance(_messages, Mapping) else {"environment": _messages}) from None
except EnvError as error:
    raise SystemExit(f"headway: {error}") from None

for _directory in ("media", "static", "tmp"):
    try:
        (STATE_DIR / _directory).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"headway: STATE_DIR={str(STATE_DIR)!r}: {error.strerror}: {error.filename}") from None

if not SECRET_KEY:
    raise SystemExit(
        "headway: SECRET_KEY is not set. Give it 50 or more random characters, or set DEBUG=true to develop."
    )
