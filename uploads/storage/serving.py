"""Responses with stored files. Views check the permission before they call this module.

A received file is always an attachment. Only renditions, which Headway encoded itself, are shown inline.

    a file on this machine          is sent by this process, whole or in part, or by the proxy in front of it if the
                                    proxy supports X-Accel-Redirect
    an object in an object store    is fetched from there: the response redirects to a signed URL, which expires soon
"""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, http_date

from progress.connections import release_connection
from uploads.http import ranges
from uploads.http.conditional import conditional_response

REEVALUATED_BY_NGINX = ("If-Match", "If-Unmodified-Since")
"""Conditions that nginx would evaluate again when it sends a file. Without the ETag, nginx would return 412."""

CHUNK_BYTES = 128 * 1024
SIGNED_SECONDS = 300
PRIVATE_MEDIA = "/private-media/"
"""The internal location of nginx for the directory of the files, which it doesn't serve directly.

A client that pretends to be such a proxy gets no bytes, and learns only the stored name of the user's own file.
"""


def download(request: HttpRequest, file: FieldFile, filename: str, etag: str) -> HttpResponseBase:
    """Send a received file as an attachment, with a content type that browsers don't open."""
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": content_disposition_header(True, filename) or "attachment",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-cache",
    }
    return _send(request, file, etag, headers)


def show_inline(request: HttpRequest, file: FieldFile, content_type: str, etag: str) -> HttpResponseBase:
    """Send a rendition inline. The user's browser may cache it, shared caches may not."""
    return _send(request, file, etag, {"Content-Type": content_type, "Cache-Control": "private, max-age=86400"})


def _send(request: HttpRequest, file: FieldFile, etag: str, headers: dict[str, str]) -> HttpResponseBase:
    release_connection()
    try:
        return _send_file(request, file, headers | {"ETag": etag, "Accept-Ranges": "bytes"})
    except FileNotFoundError:
        raise Http404 from None
    except NotImplementedError:  # Django raises this if the storage is not a directory
        return _redirect(request, file, headers)


def _send_file(request: HttpRequest, file: FieldFile, headers: dict[str, str]) -> HttpResponseBase:
    stat = os.stat(file.path)
    headers |= {"Last-Modified": http_date(stat.st_mtime)}
    response = HttpResponse(headers=headers)
    conditional = conditional_response(request, headers["ETag"], response, int(stat.st_mtime))
    if conditional is not response:
        return conditional  # 304 or 412
    nginx_would_fail = any(name in request.headers for name in REEVALUATED_BY_NGINX)
    if request.headers.get("X-Sendfile-Type") == "X-Accel-Redirect" and not nginx_would_fail:
        response["X-Accel-Redirect"] = PRIVATE_MEDIA + quote(file.name or "")
        return response
    return _stream(request, file.path, stat.st_size, headers)


def _stream(request: HttpRequest, path: str, size: int, headers: dict[str, str]) -> HttpResponseBase:
    try:
        part = ranges.requested_range(request, size, headers["ETag"])
    except ranges.RangeNotSatisfiable:
        return HttpResponse(status=416, content_type="text/plain", headers={"Content-Range": f"bytes */{size}"})
    if part is None:
        return StreamingHttpResponse(_chunks(path, range(size)), headers=headers | {"Content-Length": str(size)})
    headers |= {"Content-Length": str(len(part)), "Content-Range": f"bytes {part.start}-{part.stop - 1}/{size}"}
    return StreamingHttpResponse(_chunks(path, part), status=206, headers=headers)


def _redirect(request: HttpRequest, file: FieldFile, headers: dict[str, str]) -> HttpResponse:
    """Redirect to the object store, which sends the headers that the URL names, or 404 if the object is missing."""
    parameters = {"ResponseContentType": headers["Content-Type"], "ResponseCacheControl": headers["Cache-Control"]}
    caching = f"max-age={SIGNED_SECONDS // 2}"
    if "Content-Disposition" in headers:
        parameters["ResponseContentDisposition"] = headers["Content-Disposition"]
        caching = "no-store"
    bucket: Any = file.storage  # the Bucket of s3.py, which is imported only where STORAGE_URL names one
    url = bucket.url(file.name, parameters=parameters, expire=SIGNED_SECONDS, http_method=request.method)
    return HttpResponseRedirect(url, headers={"Cache-Control": f"private, {caching}"})


def _chunks(path: str, part: range) -> Iterator[bytes]:
    with open(path, "rb", buffering=0) as file:
        file.seek(part.start)
        remaining = len(part)
        while remaining and (chunk := file.read(min(remaining, CHUNK_BYTES))):
            remaining -= len(chunk)
            yield chunk
