"""Bytes go out: private to their owner, and harmless to the browser that shows them.

What a user sent is never shown inline, whatever it is: it is a download. What is shown is what we encoded.

    a file on this machine    is sent from here, whole or in part;
                              or by the proxy in front, if it says that it can (X-Accel-Redirect)
    an object in a store      is fetched from there, by a signed URL that soon expires
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

UNKNOWN_TO_NGINX = ("If-Match", "If-Unmodified-Since")
"""Conditions that nginx would evaluate again when it sends a file, without knowing the ETag, and answer with 412."""

CHUNK_BYTES = 128 * 1024
SIGNED_SECONDS = 300
PRIVATE_MEDIA = "/private-media/"
"""The proxy's name for the directory of the files, which it shows to nobody who asks for it.

Who claims to be such a proxy, and is none, gets no bytes and learns where his own file lies.
"""


def download(request: HttpRequest, file: FieldFile, filename: str, etag: str) -> HttpResponseBase:
    """A stored file as an attachment, of no type that a browser would open. The ETag is that of its bytes."""
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": content_disposition_header(True, filename) or "attachment",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-cache",
    }
    return _send(request, file, etag, headers)


def show_inline(request: HttpRequest, file: FieldFile, content_type: str, etag: str) -> HttpResponseBase:
    """A stored file that we made ourselves, inline. It may be kept by the owner's browser, and by no proxy."""
    return _send(request, file, etag, {"Content-Type": content_type, "Cache-Control": "private, max-age=86400"})


def _send(request: HttpRequest, file: FieldFile, etag: str, headers: dict[str, str]) -> HttpResponseBase:
    release_connection()
    try:
        return _send_file(request, file, headers | {"ETag": etag, "Accept-Ranges": "bytes"})
    except FileNotFoundError:
        raise Http404 from None
    except NotImplementedError:  # Django's word for a storage that is no directory
        return _redirect(request, file, headers)


def _send_file(request: HttpRequest, file: FieldFile, headers: dict[str, str]) -> HttpResponseBase:
    stat = os.stat(file.path)
    headers |= {"Last-Modified": http_date(stat.st_mtime)}
    response = HttpResponse(headers=headers)
    answer = conditional_response(request, headers["ETag"], response, int(stat.st_mtime))
    if answer is not response:
        return answer  # they have it already, or expect another one
    is_conditional = any(name in request.headers for name in UNKNOWN_TO_NGINX)
    if request.headers.get("X-Sendfile-Type") == "X-Accel-Redirect" and not is_conditional:
        response["X-Accel-Redirect"] = PRIVATE_MEDIA + quote(file.name or "")
        return response
    return _stream(request, file.path, stat.st_size, headers)


def _stream(request: HttpRequest, path: str, size: int, headers: dict[str, str]) -> HttpResponseBase:
    try:
        part = ranges.wanted(request, size, headers["ETag"])
    except ranges.Unsatisfiable:
        return HttpResponse(status=416, content_type="text/plain", headers={"Content-Range": f"bytes */{size}"})
    if part is None:
        return StreamingHttpResponse(_chunks(path, range(size)), headers=headers | {"Content-Length": str(size)})
    headers |= {"Content-Length": str(len(part)), "Content-Range": f"bytes {part.start}-{part.stop - 1}/{size}"}
    return StreamingHttpResponse(_chunks(path, part), status=206, headers=headers)


def _redirect(request: HttpRequest, file: FieldFile, headers: dict[str, str]) -> HttpResponse:
    """To the store, which answers with the headers that the URL names. Whether it has the object, it says itself."""
    said = {"ResponseContentType": headers["Content-Type"], "ResponseCacheControl": headers["Cache-Control"]}
    kept = f"max-age={SIGNED_SECONDS // 2}"
    if "Content-Disposition" in headers:
        said["ResponseContentDisposition"] = headers["Content-Disposition"]
        kept = "no-store"
    bucket: Any = file.storage  # that of s3.py
    url = bucket.url(file.name, parameters=said, expire=SIGNED_SECONDS, http_method=request.method)
    return HttpResponseRedirect(url, headers={"Cache-Control": f"private, {kept}"})


def _chunks(path: str, part: range) -> Iterator[bytes]:
    with open(path, "rb", buffering=0) as file:
        file.seek(part.start)
        left = len(part)
        while left and (chunk := file.read(min(left, CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk
