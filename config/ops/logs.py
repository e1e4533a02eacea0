"""Log formatting: JSON lines in production, plain text in development. Both are written to stderr.

A JSON line has `time`, `level`, `logger` and `message`; `exception`, with the traceback, if there is one; the log
context (`request_id`, and in workers `job_id` and `attempt`); and the FIELDS that were passed as `extra`. Other
attributes of log records are omitted, because Django attaches whole requests.

This module doesn't import Django, so that gunicorn's master process can use the same format.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from progress import log_context

FIELDS = ("user_id", "method", "path", "view", "status", "seconds", "bytes")

PASSWORD_RESET_PATH = re.compile(r"(/accounts/reset/+[^/\s\"']*/+)[^\s\"']+")
"""The end of such a path is a token that allows to set the password."""


def printable(text: str) -> str:
    """Return the text with unprintable characters escaped.

    These include line breaks, terminal escape sequences and marks that change the direction of text.
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def without_secrets(text: str) -> str:
    """Return the text without the tokens of password resets."""
    return PASSWORD_RESET_PATH.sub(r"\1…", text)


class TextLines(logging.Formatter):
    """Formatter for development."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        return printable(without_secrets(super().formatMessage(record)))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return "\n".join(map(printable, without_secrets(super().formatException(ei)).split("\n")))


class JsonLines(logging.Formatter):
    """Formatter for production."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= log_context.fields()
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return printable(without_secrets(json.dumps(line, ensure_ascii=False, default=str)))


def configuration(*, as_json: bool) -> dict[str, Any]:
    """Return the argument of logging.config.dictConfig, for Django and gunicorn."""
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
            "django.security.DisallowedHost": {
                "handlers": [],
                "propagate": False,
            },  # caused by scanners, too frequently
            "axes": {"level": "WARNING"},
            "main": {"level": "ERROR"},  # django-distill's
            "gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True},
            "gunicorn.http.wsgi": {"level": "ERROR"},  # it warns about each response to HEAD that has a body
        },
    }
