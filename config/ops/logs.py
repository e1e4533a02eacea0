"""The log: one JSON object a line in production, for a journal; readable lines in development. Both go to stderr.

A line has `time`, `level`, `logger` and `message`; `exception`, with its traceback, if there is one; what is known of
where the work comes from (`request_id`, and in a worker `job_id` and `attempt`); and what its writer gave as `extra`,
if it is among FIELDS. Nothing else that libraries attach to a record gets out: Django attaches whole requests.

This module knows no Django, so that gunicorn's master writes the same lines.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from progress import log_context

FIELDS = ("user_id", "method", "path", "view", "status", "seconds", "bytes")


SECRET_PATH = re.compile(r"(/accounts/reset/+[^/\s\"']*/+)[^\s\"']+")
"""The path of a password reset: whoever has its end can set the password."""


def printable(text: str) -> str:
    """Return the text with each character escaped that a terminal or an editor doesn't show, or acts upon.

    Among them are line breaks, terminal commands and marks that change the direction of what follows.
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def without_secrets(text: str) -> str:
    return SECRET_PATH.sub(r"\1…", text)


class TextLines(logging.Formatter):
    """The formatter of development."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        return printable(without_secrets(super().formatMessage(record)))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return "\n".join(map(printable, without_secrets(super().formatException(ei)).split("\n")))


class JsonLines(logging.Formatter):
    """The formatter of production."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= log_context.known()
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return printable(without_secrets(json.dumps(line, ensure_ascii=False, default=str)))


def configuration(*, as_json: bool) -> dict[str, Any]:
    """For logging.config.dictConfig, in the form that Django and gunicorn take it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "config.ops.logs.JsonLines"},
            "text": {"()": "config.ops.logs.TextLines", "format": "{levelname} {name}: {message}", "style": "{"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json" if as_json else "text"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "django-q": {"level": "WARNING"},
            "django.security.DisallowedHost": {"handlers": [], "propagate": False},  # scanners, all day long
            "axes": {"level": "WARNING"},
            "main": {"level": "ERROR"},  # django-distill's
            "gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True},
            "gunicorn.http.wsgi": {"level": "ERROR"},  # it warns of each HEAD that Django answers like a GET
        },
    }
