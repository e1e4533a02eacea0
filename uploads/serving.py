"""Bytes go out: private to their owner, and harmless to the browser that shows them.

What a user sent is never shown inline, whatever it is: it is a download. What is shown is what we encoded.
"""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404


def download(name: str, filename: str) -> FileResponse:
    """A stored file as an attachment; the content type is our own guess for nobody: bytes."""
    response = _send(name, content_type="application/octet-stream", as_attachment=True, filename=filename)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def show(name: str, content_type: str) -> FileResponse:
    """A stored file that we made ourselves, inline. It may be kept by the owner's browser, and by no proxy."""
    response = _send(name, content_type=content_type)
    response["Cache-Control"] = "private, max-age=86400"
    return response


def _send(name: str, **how: object) -> FileResponse:
    try:
        file = default_storage.open(name)
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(file, **how)
    response["X-Content-Type-Options"] = "nosniff"
    return response
