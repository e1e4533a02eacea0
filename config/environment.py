"""All environment variables that Headway reads. They are read and validated when this module is imported.

Each invalid value is a line on stderr that names the variable and describes valid values. The import then fails with
SystemExit. This module doesn't import Django, so that gunicorn's master process can validate the environment before it
forks. `deploy/env.example` explains each variable.
"""

import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

import dj_database_url
from environs import Env, EnvValidationError, ValidationError, validate

from config.cors.origins import is_exact
from config.object_store import ObjectStore

BASE_DIR = Path(__file__).resolve().parent.parent

VALID_VALUES = {
    "SECRET_KEY": "50 or more random characters",
    "DEBUG": "true or false",
    "ALLOWED_HOSTS": "host names, separated by commas: app.example.com,localhost",
    "DATABASE_URL": "empty, sqlite:////path/to/file or postgresql://user:password@host/name",
    "FRONTEND_ORIGINS": "origins as browsers send them, in lowercase, without a path and the default port, "
    "separated by commas: https://dash.example.com",
    "COOKIE_DOMAIN": "empty, or a domain without scheme and port: example.com",
    "QUEUE_URL": "empty for a queue in the database, or redis://host:6379/0",
    "STORAGE_URL": "empty for files in STATE_DIR, or s3://KEY:SECRET@bucket/prefix?endpoint=https://s3.example.com"
    "&region=eu-central-1, with / in the key and the secret as %2F, : as %3A and % as %25",
    "MAX_UPLOAD_BYTES": "the maximum size of a file in bytes: 1073741824",
    "USER_QUOTA_BYTES": "the storage per user in bytes: 10000000000; 0 for no limit",
    "MAX_TODOS": "the maximum number of to-dos per user: 200000; 0 for no limit",
    "MAX_TODO_CHARACTERS": "the maximum number of characters in the to-dos of a user: 100000000; 0 for no limit",
    "SIGNUP_OPEN": "true or false",
    "EMAIL_URL": "empty, or submission://user:password@host:587",
    "PROGRESS_RETENTION": "a time of at least one second, in seconds: 3600",
    "WEB_CONCURRENCY": "the number of web processes: 2",
    "WORKER_CONCURRENCY": "the number of jobs that run at the same time: 2",
    "METRICS_ALLOW": "addresses or networks, separated by commas: 127.0.0.0/8,::1",
    "STATE_DIR": "a writable directory",
}
"""Descriptions of valid values, with examples, for error messages."""

VALID_DEVELOPMENT_VALUES = {
    "PORT": "a port number: 8000",
    "DASH_PORT": "a port number: 8001",
    "DATABASE_POOL": "true or false",
}
"""The same for variables that only `make run` and deploy/gunicorn.conf.py set."""

SECRET_NAMES = {"SECRET_KEY", "DATABASE_URL", "EMAIL_URL", "QUEUE_URL", "STORAGE_URL"}
"""Variables that contain a key or a password. Error messages don't repeat their values."""

DEVELOPMENT_KEY = "only-for-development-and-worth-nothing-because-everybody-can-read-it"
EXAMPLE_KEY = "replace-me-by-fifty-or-more-random-characters-before-anybody-uses-this"
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
GIBIBYTE = 1024**3


def _error_message(name: str) -> str:
    value = "" if name in SECRET_NAMES else f"={os.environ.get(name, '')!r}"
    return f"headway: {name}{value} is invalid. Expected: {(VALID_VALUES | VALID_DEVELOPMENT_VALUES)[name]}"


def _invalid(names: Iterable[str]) -> SystemExit:
    """Return the exception that ends the process with a line for each variable."""
    return SystemExit("\n".join(map(_error_message, names)))


def _matching(pattern: str) -> Callable[[str], str]:
    """Return a parser of a list's items, which strips them and raises ValidationError unless they match."""
    regexp = validate.Regexp(pattern)
    return lambda item: regexp(item.strip())


def _origin(item: str) -> str:
    """Strip an item. Raise ValidationError if it isn't an origin as browsers serialize it."""
    if not is_exact(item.strip()):
        raise ValidationError("not an origin")
    return item.strip()


_port = validate.Range(min=1, max=65535)

HOST = r"(\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:]+\])\Z"
REDIS = r"(rediss?|unix)://\S+\Z|\Z"
DOMAIN = r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*\Z"

for _name in VALID_VALUES:  # `NAME=` in an env file means "not set"
    if not os.environ.get(_name, "-").strip():
        del os.environ[_name]

env = Env(eager=False)
dj_database_url.register("sqlite", "config.sqlite")(dj_database_url.default_to_in_memory_db)


@env.parser_for("object_store")
def _object_store(url: str) -> ObjectStore | None:
    try:
        return ObjectStore.from_url(url) if url else None
    except ValueError:
        raise ValidationError("invalid") from None


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text.strip())
    except ValueError:
        raise ValidationError("invalid") from None


DEBUG: bool = env.bool("DEBUG", False)
SECRET_KEY: str = env.str("SECRET_KEY", DEVELOPMENT_KEY if DEBUG else "")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", LOCAL_HOSTS, subcast=_matching(HOST))
STATE_DIR: Path = env.path("STATE_DIR", BASE_DIR / "var").resolve()
DATABASE: dict[str, Any] = env.dj_db_url("DATABASE_URL", f"sqlite:///{STATE_DIR}/headway.sqlite3")
DATABASE_POOL: bool = env.bool("DATABASE_POOL", False)
EMAIL: dict[str, Any] = env.dj_email_url("EMAIL_URL", "console:")
PORT: int = env.int("PORT", 8000, validate=_port)
DASH_PORT: int = env.int("DASH_PORT", 8001, validate=_port)
WEB_CONCURRENCY: int = env.int("WEB_CONCURRENCY", 2, validate=validate.Range(min=1))
WORKER_CONCURRENCY: int = env.int("WORKER_CONCURRENCY", os.cpu_count() or 1, validate=validate.Range(min=1))
FRONTEND_ORIGINS: list[str] = env.list(
    "FRONTEND_ORIGINS", [f"http://localhost:{DASH_PORT}"] if DEBUG else [], subcast=_origin
)
COOKIE_DOMAIN: str | None = env.str("COOKIE_DOMAIN", None, validate=validate.Regexp(DOMAIN))
QUEUE_URL: str = env.str("QUEUE_URL", "", validate=validate.Regexp(REDIS))
OBJECT_STORE: ObjectStore | None = env.object_store("STORAGE_URL", "")
MAX_UPLOAD_BYTES: int = env.int("MAX_UPLOAD_BYTES", GIBIBYTE, validate=validate.Range(min=1))
USER_QUOTA_BYTES: int = env.int("USER_QUOTA_BYTES", 10_000_000_000, validate=validate.Range(min=0))
MAX_TODOS: int = env.int("MAX_TODOS", 200_000, validate=validate.Range(min=0))
MAX_TODO_CHARACTERS: int = env.int("MAX_TODO_CHARACTERS", 100_000_000, validate=validate.Range(min=0))
SIGNUP_OPEN: bool = env.bool("SIGNUP_OPEN", True)
PROGRESS_RETENTION: timedelta = env.timedelta(
    "PROGRESS_RETENTION",
    timedelta(hours=1),
    validate=validate.Range(min=timedelta(seconds=1), max=timedelta(days=3650)),
)
METRICS_ALLOW: list[IPv4Network | IPv6Network] = env.list(
    "METRICS_ALLOW", [ip_network("127.0.0.0/8"), ip_network("::1")], subcast=_network
)
try:
    env.seal()
except EnvValidationError as error:
    raise _invalid(error.error_messages) from None

if not SECRET_KEY:
    raise SystemExit(
        "headway: SECRET_KEY is not set. Set it to 50 or more random characters, or set DEBUG=true for development."
    )
if not DATABASE.get("ENGINE", "").endswith(("sqlite", "postgresql")):
    raise _invalid(["DATABASE_URL"])
if "EMAIL_BACKEND" not in EMAIL:
    raise _invalid(["EMAIL_URL"])
for _directory in ("incoming", "media", "static", "tmp"):
    try:
        (STATE_DIR / _directory).mkdir(parents=True, exist_ok=True)
    except OSError:
        raise _invalid(["STATE_DIR"]) from None
