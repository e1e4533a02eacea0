"""The environment is read once, and a bad value stops the start with one clear line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import EXAMPLE_KEY, RIGHT, RIGHT_IN_DEVELOPMENT
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
        timeout=60,  # a gunicorn that starts after all must fail its test, not hang it
    )


def check(state_dir: Path, **environment: str) -> subprocess.CompletedProcess:
    return start("manage.py", "check", **{"STATE_DIR": str(state_dir), **environment})


def read(state_dir: Path, **environment: str) -> subprocess.CompletedProcess:
    """What every command does first."""
    return start("-c", "import config.environment", **{"STATE_DIR": str(state_dir), **environment})


def test_production_without_a_secret_key_refuses_to_start(state_dir):
    done = check(state_dir)
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "SECRET_KEY is not set" in done.stderr


GUNICORN = ["-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", "127.0.0.1:0", "config.wsgi"]


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": EXAMPLE_KEY}, "everybody knows"),
        ({"DEBUG": "true", "MAX_UPLOAD_BYTES": "many"}, "MAX_UPLOAD_BYTES='many' is wrong"),
    ],
)
def test_gunicorn_refuses_too_instead_of_starting_worker_after_worker(state_dir, environment, words):
    done = start(*GUNICORN, STATE_DIR=str(state_dir), **environment)
    assert done.returncode != 0
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_development_starts_with_nothing_but_debug(state_dir):
    assert check(state_dir, DEBUG="true").returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "advice"),
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
        ("FRONTEND_ORIGINS", "https://Dash.example.com", "in lower case"),
        ("FRONTEND_ORIGINS", "https://dash.example.com:443", "without the usual port"),
        ("COOKIE_DOMAIN", "https://example.com", "without scheme"),
        ("MAX_UPLOAD_BYTES", "1G", "in bytes"),
        ("MAX_UPLOAD_BYTES", "0", "in bytes"),
        ("USER_QUOTA_BYTES", "-1", "in bytes"),
        ("MAX_TODOS", "-1", "how many to-dos"),
        ("MAX_TODO_CHARACTERS", "many", "how many characters"),
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
def test_a_bad_value_is_one_line_that_names_the_variable(state_dir, name, value, advice):
    done = read(state_dir, **{"DEBUG": "true", name: value})
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"headway: {name}")
    assert "is wrong. Right would be" in done.stderr
    assert advice in done.stderr


def test_all_bad_values_are_said_at_once(state_dir):
    done = read(state_dir, DEBUG="true", MAX_UPLOAD_BYTES="many", SIGNUP_OPEN="maybe")
    assert "MAX_UPLOAD_BYTES='many'" in done.stderr
    assert "SIGNUP_OPEN='maybe'" in done.stderr


@pytest.mark.parametrize("name", ["DATABASE_URL", "STORAGE_URL"])
def test_a_secret_is_not_repeated_in_the_message(state_dir, name):
    done = check(state_dir, DEBUG="true", **{name: "nonsense://user:hunter2@host/db"})
    assert done.returncode != 0
    assert name in done.stderr
    assert "hunter2" not in done.stderr


def test_a_state_directory_that_can_not_be_made_is_said():
    done = check(Path("/dev/null/here"), DEBUG="true")
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "STATE_DIR='/dev/null/here'" in done.stderr


def test_an_empty_value_is_the_default(state_dir):
    empty = dict.fromkeys(RIGHT, "") | {"DEBUG": "true", "STATE_DIR": str(state_dir)}
    assert check(state_dir, **empty).returncode == 0


def test_the_example_key_is_known_to_be_one():
    assert example()["SECRET_KEY"] == EXAMPLE_KEY


def example() -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))


def test_the_example_explains_every_setting():
    assert list(example()) == list(RIGHT)


def test_every_variable_that_is_read_is_named_and_read_in_one_place():
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "config" / "environment.py").read_text()))
    assert read == set(RIGHT) | set(RIGHT_IN_DEVELOPMENT)
    for room in ("config", "todos", "uploads", "progress", "deploy"):
        for path in (ROOT / room).rglob("*.py"):
            if path.name != "environment.py":
                assert not re.search(r"environ\.get|getenv", path.read_text()), path


def test_the_mail_server_of_the_example_is_understood(state_dir):
    mail_url = re.search(r"\S+://user:\S+", EXAMPLE.read_text())[0]
    probe = "import django; django.setup()\nfrom django.conf import settings as s; print(s.EMAIL_HOST, s.EMAIL_USE_TLS)"
    done = start("-c", probe, DEBUG="true", STATE_DIR=str(state_dir), EMAIL_URL=mail_url)
    assert done.stdout.split() == ["mail.example.com", "True"], done.stderr


def test_the_example_is_clean_for_deployment(state_dir):
    environment = example() | {"STATE_DIR": str(state_dir)}
    done = start("manage.py", "check", "--deploy", "--fail-level", "DEBUG", **environment)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_migrations_are_complete(state_dir):
    done = start("manage.py", "makemigrations", "--check", "--dry-run", DEBUG="true", STATE_DIR=str(state_dir))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("url", "backend", "pictures_from"),
    [
        ("", "uploads.storage.directory.Directory", "'self'"),
        ("s3://bucket", "uploads.storage.s3.Bucket", "'self' https://bucket.s3.us-east-1.amazonaws.com"),
    ],
)
def test_files_are_kept_where_the_environment_says_and_boto3_waits_until_it_is_needed(
    state_dir, url, backend, pictures_from
):
    probe = """if True:
        import sys, django; django.setup()
        import config.wsgi, config.urls, progress.queue.database, progress.worker.limits, uploads.tasks
        from django.conf import settings as s
        csp = s.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        print(s.STORAGES["default"]["BACKEND"], "boto3" in sys.modules, *csp.get("img-src", csp["default-src"]))
    """
    done = start("-c", probe, DEBUG="true", STATE_DIR=str(state_dir), STORAGE_URL=url)
    assert done.stdout.strip() == f"{backend} False {pictures_from}", done.stderr


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
AS_GUNICORN = "import runpy; runpy.run_path('deploy/gunicorn.conf.py'); import config.wsgi;"


def test_cookies_and_origins_follow_from_two_settings(state_dir):
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
def test_cookies_of_one_host_can_not_be_set_by_another(state_dir, environment, names):
    probe = "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)"
    done = start("-c", probe, **(example() | {"STATE_DIR": str(state_dir)} | environment))
    assert done.stdout.split() == names, done.stderr
    checked = start("manage.py", "check", **(example() | {"STATE_DIR": str(state_dir)} | environment))
    assert checked.returncode == 0, checked.stderr


def test_a_worker_does_as_many_jobs_at_once_as_the_environment_says(state_dir):
    probe = "import django; django.setup(); from django_q.conf import Conf; print(Conf.WORKERS)"
    done = start("-c", probe, DEBUG="true", STATE_DIR=str(state_dir), WORKER_CONCURRENCY="3")
    assert done.stdout.strip() == "3", done.stderr


def test_only_the_web_process_pools_its_connections(state_dir):
    environment = example() | {"STATE_DIR": str(state_dir), "DATABASE_URL": "postgresql:///headway"}
    environment["SECRET_KEY"] = "x" * 50
    assert start("-c", PROBE, **environment).stdout.split()[-2:] == ["False", "django.db.backends.postgresql"]
    web = start("-c", AS_GUNICORN + PROBE, **environment)
    assert web.stdout.split()[-2:] == ["True", "django.db.backends.postgresql"], web.stderr


@pytest.mark.parametrize(
    ("url", "option"),
    [
        ("", "'query_timeout': 10"),
        ("postgresql:///headway", "'options': '-c statement_timeout=10000'"),
        ("postgresql:///headway?options=-c%20jit%3Doff", "'options': '-c jit=off -c statement_timeout=10000'"),
    ],
)
def test_queries_are_limited_in_web_processes_only(state_dir, url, option):
    environment = example() | {"STATE_DIR": str(state_dir), "DATABASE_URL": url, "SECRET_KEY": "x" * 50}
    assert "timeout=" not in start("-c", OPTIONS, **environment).stdout
    assert "query_timeout" not in start("-c", OPTIONS, **environment).stdout
    assert option in start("-c", AS_GUNICORN + OPTIONS, **environment).stdout


def test_the_address_of_a_visitor_is_what_our_own_proxy_says(rf, settings):
    assert client_address(rf.get("/", headers={"X-Forwarded-For": "6.6.6.6, 10.0.0.7"}, REMOTE_ADDR="")) == "10.0.0.7"
    assert client_address(rf.get("/", REMOTE_ADDR="")) == "127.0.0.1"
    settings.DEBUG = True  # no proxy in front
    assert client_address(rf.get("/", headers={"X-Forwarded-For": "6.6.6.6"}, REMOTE_ADDR="10.0.0.8")) == "10.0.0.8"
