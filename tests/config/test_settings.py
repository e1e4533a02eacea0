"""The environment is read once, and a bad value stops the start with one clear line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import NAMES

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "deploy" / "env.example"


def start(*command: str, **environment: str) -> subprocess.CompletedProcess:
    """Run a command of the project in a clean environment."""
    inherited = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=inherited | environment, capture_output=True, text=True
    )


def check(state_dir: Path, **environment: str) -> subprocess.CompletedProcess:
    return start("manage.py", "check", **{"STATE_DIR": str(state_dir), **environment})


def test_production_without_a_secret_key_refuses_to_start(state_dir):
    done = check(state_dir)
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "SECRET_KEY is not set" in done.stderr


def test_gunicorn_refuses_too_instead_of_starting_worker_after_worker(state_dir):
    command = ["-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", "127.0.0.1:0", "config.wsgi"]
    done = start(*command, STATE_DIR=str(state_dir))
    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_development_starts_with_nothing_but_debug(state_dir):
    assert check(state_dir, DEBUG="true").returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("DEBUG", "perhaps", "boolean"),
        ("MAX_UPLOAD_BYTES", "many", "integer"),
        ("MAX_UPLOAD_BYTES", "0", "in bytes"),
        ("USER_QUOTA_BYTES", "-1", "in bytes"),
        ("SIGNUP_OPEN", "maybe", "boolean"),
        ("PROGRESS_RETENTION", "a while", "period of time"),
        ("PROGRESS_RETENTION", "0", "seconds"),
        ("QUEUE_URL", "redis://localhost", "leave it empty"),
        ("STORAGE_URL", "s3://bucket", "leave it empty"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable(state_dir, name, value, advice):
    done = check(state_dir, **{"DEBUG": "true", name: value})
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"headway: {name}")
    assert advice in done.stderr


def test_all_bad_values_are_said_at_once(state_dir):
    done = check(state_dir, DEBUG="true", MAX_UPLOAD_BYTES="many", SIGNUP_OPEN="maybe")
    assert "MAX_UPLOAD_BYTES='many'" in done.stderr
    assert "SIGNUP_OPEN='maybe'" in done.stderr


def test_a_secret_is_not_repeated_in_the_message(state_dir):
    done = check(state_dir, DEBUG="true", DATABASE_URL="nonsense://user:hunter2@host/db")
    assert done.returncode != 0
    assert "DATABASE_URL" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_state_directory_that_can_not_be_made_is_said():
    done = check(Path("/dev/null/here"), DEBUG="true")
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "STATE_DIR='/dev/null/here'" in done.stderr


def test_an_empty_value_is_the_default(state_dir):
    empty = dict.fromkeys(NAMES, "") | {"DEBUG": "true", "STATE_DIR": str(state_dir)}
    assert check(state_dir, **empty).returncode == 0


def example() -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))


def test_the_example_explains_every_setting():
    assert list(example()) == list(NAMES)


def test_every_variable_that_is_read_is_named():
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "config" / "environment.py").read_text()))
    assert read - set(NAMES) == {"PORT", "DASH_PORT", "DATABASE_POOL"}
    assert set(NAMES) <= read


def test_the_example_is_clean_for_deployment(state_dir):
    environment = example() | {"STATE_DIR": str(state_dir)}
    done = start("manage.py", "check", "--deploy", "--fail-level", "DEBUG", **environment)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_migrations_are_complete(state_dir):
    done = start("manage.py", "makemigrations", "--check", "--dry-run", DEBUG="true", STATE_DIR=str(state_dir))
    assert done.returncode == 0, done.stdout


PROBE = """
import django; django.setup()
from django.conf import settings as s
print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_DOMAIN, s.SESSION_COOKIE_HTTPONLY,
      s.SESSION_COOKIE_SAMESITE, s.CORS_ALLOWED_ORIGINS == s.CSRF_TRUSTED_ORIGINS == ["https://dash.example.com"],
      s.CSRF_COOKIE_DOMAIN, "pool" in s.DATABASES["default"]["OPTIONS"], s.DATABASES["default"]["ENGINE"])
"""


def test_cookies_and_origins_follow_from_two_settings(state_dir):
    done = start("-c", PROBE, **(example() | {"STATE_DIR": str(state_dir)}))
    assert done.stdout.split() == [
        *("True", "True", "example.com", "True", "Lax", "True", "None", "False", "django.db.backends.sqlite3")
    ]


def test_only_the_web_process_pools_its_connections(state_dir):
    environment = example() | {"STATE_DIR": str(state_dir), "DATABASE_URL": "postgresql:///headway"}
    assert start("-c", PROBE, **environment).stdout.split()[-2:] == ["False", "django.db.backends.postgresql"]
    web = start("-c", "import config.wsgi" + PROBE, **environment)
    assert web.stdout.split()[-2:] == ["True", "django.db.backends.postgresql"]
