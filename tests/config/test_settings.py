"""Settings: an invalid environment variable stops the start with one line, and Django's settings follow from them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import EXAMPLE_KEY, VALID_DEVELOPMENT_VALUES, VALID_VALUES
from config.http.middleware import client_address
from tests.paths import ROOT

pytestmark = pytest.mark.services

EXAMPLE = ROOT / "deploy" / "env.example"


def start(*command: str, **environment: str) -> subprocess.CompletedProcess:
    """Run a command of the project in a clean environment."""
    inherited = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=60,  # if gunicorn starts, the test fails instead of hanging
    )


def check(state_dir: Path, **environment: str) -> subprocess.CompletedProcess:
    return start("manage.py", "check", **{"STATE_DIR": str(state_dir), **environment})


def read(state_dir: Path, **environment: str) -> subprocess.CompletedProcess:
    """Import config.environment, as every command does first."""
    return start("-c", "import config.environment", **{"STATE_DIR": str(state_dir), **environment})


def test_production_does_not_start_without_a_secret_key(state_dir):
    done = check(state_dir)
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "SECRET_KEY is not set" in done.stderr


GUNICORN = ["-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", "127.0.0.1:0", "config.wsgi"]


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": EXAMPLE_KEY}, "everybody knows"),
        ({"DEBUG": "true", "MAX_UPLOAD_BYTES": "many"}, "MAX_UPLOAD_BYTES='many' is invalid"),
    ],
)
def test_gunicorn_does_not_start_with_an_invalid_environment(state_dir, environment, message):
    done = start(*GUNICORN, STATE_DIR=str(state_dir), **environment)
    assert done.returncode != 0
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_development_starts_only_with_debug(state_dir):
    assert check(state_dir, DEBUG="true").returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DEBUG", "perhaps", "true or false"),
        ("ALLOWED_HOSTS", "https://app.example.com", "host names"),
        ("ALLOWED_HOSTS", ",", "host names"),
        ("DATABASE_URL", "mysql://localhost/x", "postgresql://"),
        ("DATABASE_URL", "nonsense", "postgresql://"),
        ("FRONTEND_ORIGINS", "dash.example.com", "https://dash.example.com"),
        ("FRONTEND_ORIGINS", "https://dash.example.com/", "without a path"),
        ("FRONTEND_ORIGINS", "*", "origins"),
        ("FRONTEND_ORIGINS", "null", "origins"),
        ("FRONTEND_ORIGINS", "https://Dash.example.com", "in lowercase"),
        ("FRONTEND_ORIGINS", "https://dash.example.com:443", "the default port"),
        ("COOKIE_DOMAIN", "https://example.com", "without scheme"),
        ("MAX_UPLOAD_BYTES", "1G", "in bytes"),
        ("MAX_UPLOAD_BYTES", "0", "in bytes"),
        ("USER_QUOTA_BYTES", "-1", "in bytes"),
        ("MAX_TODOS", "-1", "number of to-dos"),
        ("MAX_TODO_CHARACTERS", "many", "number of characters"),
        ("SIGNUP_OPEN", "ja", "true or false"),
        ("EMAIL_URL", "foo", "submission"),
        ("EMAIL_URL", "foo://x", "submission"),
        ("PROGRESS_RETENTION", "a while", "seconds"),
        ("PROGRESS_RETENTION", "0", "seconds"),
        ("PROGRESS_RETENTION", "99999999999", "seconds"),
        ("QUEUE_URL", "amqp://localhost", "redis://"),
        ("STORAGE_URL", "/srv/files", "s3://KEY:SECRET@bucket"),
        ("STORAGE_URL", "s3://k:a/b@bucket", "%2F"),
        ("METRICS_ALLOW", "localhost", "addresses or networks"),
        ("METRICS_ALLOW", "10.0.0.1/8", "addresses or networks"),
        ("WEB_CONCURRENCY", "0", "web processes"),
        ("WORKER_CONCURRENCY", "0", "jobs"),
        ("PORT", "http", "port number"),
        ("PORT", "99999", "port number"),
    ],
)
def test_invalid_value_is_reported_with_the_variable_and_valid_values(state_dir, name, value, expected):
    done = read(state_dir, **{"DEBUG": "true", name: value})
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"headway: {name}")
    assert "is invalid. Expected: " in done.stderr
    assert expected in done.stderr


def test_all_invalid_values_are_reported_together(state_dir):
    done = read(state_dir, DEBUG="true", MAX_UPLOAD_BYTES="many", SIGNUP_OPEN="maybe")
    assert "MAX_UPLOAD_BYTES='many'" in done.stderr
    assert "SIGNUP_OPEN='maybe'" in done.stderr


@pytest.mark.parametrize("name", ["DATABASE_URL", "STORAGE_URL"])
def test_secret_is_not_repeated_in_the_error(state_dir, name):
    done = check(state_dir, DEBUG="true", **{name: "nonsense://user:hunter2@host/db"})
    assert done.returncode != 0
    assert name in done.stderr
    assert "hunter2" not in done.stderr


def test_failure_to_create_the_state_directory_is_reported():
    done = check(Path("/dev/null/here"), DEBUG="true")
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "STATE_DIR='/dev/null/here'" in done.stderr


def test_empty_value_selects_the_default(state_dir):
    empty = dict.fromkeys(VALID_VALUES, "") | {"DEBUG": "true", "STATE_DIR": str(state_dir)}
    assert check(state_dir, **empty).returncode == 0


def test_example_key_is_the_key_in_env_example():
    assert example()["SECRET_KEY"] == EXAMPLE_KEY


def example() -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))


def test_env_example_has_every_setting():
    assert list(example()) == list(VALID_VALUES)


def test_environment_variables_are_read_in_one_module():
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "config" / "environment.py").read_text()))
    assert read == set(VALID_VALUES) | set(VALID_DEVELOPMENT_VALUES)
    for package in ("config", "todos", "uploads", "progress", "deploy"):
        for path in (ROOT / package).rglob("*.py"):
            if path.name != "environment.py":
                assert not re.search(r"environ\.get|getenv", path.read_text()), path


def test_email_url_of_env_example_is_valid(state_dir):
    mail_url = re.search(r"\S+://user:\S+", EXAMPLE.read_text())[0]
    probe = "import django; django.setup()\nfrom django.conf import settings as s; print(s.EMAIL_HOST, s.EMAIL_USE_TLS)"
    done = start("-c", probe, DEBUG="true", STATE_DIR=str(state_dir), EMAIL_URL=mail_url)
    assert done.stdout.split() == ["mail.example.com", "True"], done.stderr


def test_env_example_passes_the_deployment_checks(state_dir):
    environment = example() | {"STATE_DIR": str(state_dir)}
    done = start("manage.py", "check", "--deploy", "--fail-level", "DEBUG", **environment)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_migrations_are_complete(state_dir):
    done = start("manage.py", "makemigrations", "--check", "--dry-run", DEBUG="true", STATE_DIR=str(state_dir))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("url", "backend", "image_sources"),
    [
        ("", "uploads.storage.directory.Directory", "'self'"),
        ("s3://bucket", "uploads.storage.s3.Bucket", "'self' https://bucket.s3.us-east-1.amazonaws.com"),
    ],
)
def test_storage_url_selects_the_storage_and_boto3_is_imported_when_needed(state_dir, url, backend, image_sources):
    probe = """if True:
        import sys, django; django.setup()
        import config.wsgi, config.urls, progress.queue.database, progress.worker.limits, uploads.tasks
        from django.conf import settings as s
        csp = s.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        print(s.STORAGES["default"]["BACKEND"], "boto3" in sys.modules, *csp.get("img-src", csp["default-src"]))
        assert csp["form-action"] == csp.get("img-src", csp["default-src"])
    """
    done = start("-c", probe, DEBUG="true", STATE_DIR=str(state_dir), STORAGE_URL=url)
    assert done.stdout.strip() == f"{backend} False {image_sources}", done.stderr


PROBE = """
import django; django.setup()
from django.conf import settings as s
print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_DOMAIN, s.SESSION_COOKIE_HTTPONLY,
      s.SESSION_COOKIE_SAMESITE, s.CORS_ALLOWED_ORIGINS == s.CSRF_TRUSTED_ORIGINS == ["https://dash.example.com"],
      s.CSRF_COOKIE_DOMAIN, "pool" in s.DATABASES["default"]["OPTIONS"], s.DATABASES["default"]["ENGINE"])
"""
OPTIONS = (
    "import django; django.setup(); from django.conf import settings as s; print(s.DATABASES['default']['OPTIONS'])"
)
GUNICORN_CONFIG = "import runpy; runpy.run_path('deploy/gunicorn.conf.py'); import config.wsgi;"


def test_cookies_and_origins_are_derived_from_two_settings(state_dir):
    origins = {"FRONTEND_ORIGINS": "https://dash.example.com", "COOKIE_DOMAIN": "example.com"}
    done = start("-c", PROBE, **(example() | {"STATE_DIR": str(state_dir)} | origins))
    assert done.stdout.split() == [
        *("True", "True", "example.com", "True", "Lax", "True", "None", "False", "config.sqlite")
    ]


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({}, ["__Host-sessionid", "__Host-csrftoken"]),
        ({"COOKIE_DOMAIN": "example.com"}, ["sessionid", "__Host-csrftoken"]),
        ({"DEBUG": "true", "ALLOWED_HOSTS": "localhost"}, ["sessionid", "csrftoken"]),
    ],
)
def test_cookies_for_one_host_have_the_host_prefix(state_dir, environment, names):
    probe = "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)"
    done = start("-c", probe, **(example() | {"STATE_DIR": str(state_dir)} | environment))
    assert done.stdout.split() == names, done.stderr
    checked = start("manage.py", "check", **(example() | {"STATE_DIR": str(state_dir)} | environment))
    assert checked.returncode == 0, checked.stderr


def test_worker_concurrency_sets_the_number_of_workers(state_dir):
    probe = "import django; django.setup(); from django_q.conf import Conf; print(Conf.WORKERS)"
    done = start("-c", probe, DEBUG="true", STATE_DIR=str(state_dir), WORKER_CONCURRENCY="3")
    assert done.stdout.strip() == "3", done.stderr


def test_only_web_processes_pool_their_connections(state_dir):
    environment = example() | {"STATE_DIR": str(state_dir), "DATABASE_URL": "postgresql:///headway"}
    environment["SECRET_KEY"] = "x" * 50
    assert start("-c", PROBE, **environment).stdout.split()[-2:] == ["False", "django.db.backends.postgresql"]
    web = start("-c", GUNICORN_CONFIG + PROBE, **environment)
    assert web.stdout.split()[-2:] == ["True", "django.db.backends.postgresql"], web.stderr


@pytest.mark.parametrize(
    ("url", "option"),
    [
        ("", "'query_timeout': 10"),
        ("postgresql:///headway", "'options': '-c statement_timeout=10000'"),
        ("postgresql:///headway?options=-c%20jit%3Doff", "'options': '-c jit=off -c statement_timeout=10000'"),
    ],
)
def test_only_web_processes_limit_the_time_of_queries(state_dir, url, option):
    environment = example() | {"STATE_DIR": str(state_dir), "DATABASE_URL": url, "SECRET_KEY": "x" * 50}
    assert "timeout=" not in start("-c", OPTIONS, **environment).stdout
    assert "query_timeout" not in start("-c", OPTIONS, **environment).stdout
    assert option in start("-c", GUNICORN_CONFIG + OPTIONS, **environment).stdout


def test_client_address_is_the_address_added_by_the_proxy(rf, settings):
    assert (
        client_address(rf.get("/", headers={"X-Forwarded-For": "203.0.113.6, 10.0.0.7"}, REMOTE_ADDR="")) == "10.0.0.7"
    )
    assert client_address(rf.get("/", REMOTE_ADDR="")) == "127.0.0.1"
    settings.DEBUG = True  # no proxy in front
    assert client_address(rf.get("/", headers={"X-Forwarded-For": "203.0.113.6"}, REMOTE_ADDR="10.0.0.8")) == "10.0.0.8"
