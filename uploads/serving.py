"""Bytes go out: private to their owner, and harmless to the browser that shows them.

What a user sent is never shown inline, whatever it is: it is a download. What is shown is what we encoded.
"""

from typing import Any

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404

from progress.connections import release_connection


def download(file: FieldFile, filename: str) -> FileResponse:
    """A stored file as an attachment, of no type that a browser would open."""
    response = _send(file, content_type="application/octet-stream", as_attachment=True, filename=filename)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-cache"
    return response


def show(file: FieldFile, content_type: str) -> FileResponse:
    """A stored file that we made ourselves, inline. It may be kept by the owner's browser, and by no proxy."""
    response = _send(file, content_type=content_type)
    response["Cache-Control"] = "private, max-age=86400"
    return response


def _send(file: FieldFile, **how: Any) -> FileResponse:
    release_connection()
    try:
        return FileResponse(file.open(), **how)
    except FileNotFoundError:
        raise Http404 from None
