"""/api/tus: resumable uploads by tus 1.0.0. Docstrings name the sections of the protocol in quotes.

    POST   /api/tus             creates a transfer, with or without its first bytes, or concatenates partial transfers
    GET    /api/tus             lists the user's unfinished transfers as JSON, so that any device can resume them
    HEAD   /api/tus/<id>        returns the offset
    PATCH  /api/tus/<id>        appends bytes
    DELETE /api/tus/<id>        deletes the transfer, or the upload that it has become
    GET    /api/tus/<id>/checksum?start=0&end=1000
                                returns the SHA-256 of acknowledged bytes. Not part of tus: clients use it to check
                                whether a file of the same name and size is the one to resume

With its last byte the transfer becomes an upload with the same id, whose job is at /api/uploads/<id>/.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.http import http_date
from django.views.decorators.cache import never_cache

from progress.connections import release_connection
from progress.types import UserRequest
from uploads.models import Transfer
from uploads.receiving import checksums, names, transfers, tus_headers
from uploads.receiving.body import BodyTooLong, IncompleteBody, read_body, read_chunked
from uploads.receiving.limits import UploadRejected, accepts_chunked_bodies, accepts_files

EXTENSIONS = "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination,concatenation"
OVERRIDES = ("PATCH", "DELETE", "HEAD")

PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    transfers.OffsetConflict: (
        409,
        "Another request has written to this file, or deleted it. Request its offset with HEAD.",
    ),
    transfers.ConcatenationError: (409, ""),
    transfers.ChecksumMismatch: (460, "The received bytes don't match Upload-Checksum. Send them again."),
    transfers.TooManyTransfers: (
        429,
        "You have too many unfinished uploads. Finish or delete some of them first.",
    ),
    BodyTooLong: (413, "The body is longer than the rest of this file may be."),
    transfers.BytesLost: (410, "Bytes of this file were lost on the server. Send it again from the beginning."),
}
"""Status and message of the response to each exception. An empty message stands for the exception's own."""

View = Callable[..., HttpResponse]


class ChecksumQuery(forms.Form):
    start = forms.IntegerField()
    end = forms.IntegerField()


def protocol(**methods: View) -> View:
    """Return a view that dispatches on the method, given as keyword arguments."""

    @accepts_files
    @accepts_chunked_bodies
    @never_cache
    @wraps(next(iter(methods.values())))
    def view(request: UserRequest, **arguments: Any) -> HttpResponse:
        return _dispatch(methods, request, **arguments)

    return view


def _dispatch(methods: dict[str, View], request: UserRequest, **arguments: Any) -> HttpResponse:
    method = request.method or ""
    if method == "POST" and request.headers.get("X-HTTP-Method-Override") in OVERRIDES:
        method = request.headers["X-HTTP-Method-Override"]
    if method == "OPTIONS":
        return _capabilities()
    if method not in methods:
        return HttpResponse(status=405, headers={"Allow": ", ".join([*methods, "OPTIONS"])})
    if method != "GET" and request.headers.get("Tus-Resumable") != tus_headers.VERSION:
        detail = f"Send the header Tus-Resumable: {tus_headers.VERSION}. The server supports no other version."
        return _error(412, detail, _versions())
    try:
        return methods[method](request, **arguments)
    except UploadRejected as reason:
        return _error(413, str(reason))
    except tuple(PROBLEMS) as problem:
        status, text = PROBLEMS[type(problem)]
        return _error(status, text or str(problem))


def _post(request: UserRequest) -> HttpResponse:
    """Create a transfer ("Creation"), with or without its first bytes ("Creation With Upload")."""
    kind, part_ids = tus_headers.concat(request)
    text = request.headers.get("Upload-Metadata", "")
    fields = {
        "name": _name(tus_headers.metadata(text)),
        "metadata": text,
        "concat": request.headers.get("Upload-Concat", ""),
    }
    if kind == "final":
        return _concatenate(request, part_ids, **fields)
    length = tus_headers.initial_length(request)
    size, digest = tus_headers.body_size(request), tus_headers.checksum(request)
    if size != 0 and request.content_type != tus_headers.BODY_TYPE:
        return _unsupported_type()
    if length is not None and size is not None and size > length:
        return _too_long(length)
    transfer = transfers.create(request.user, length=length, is_part=kind == "partial", **fields)
    if size != 0 or (length == 0 and not kind):  # an empty file is complete when it is created
        _write_initial_bytes(request, transfer, size, digest)
    response = HttpResponse(status=201, headers=_state_headers(transfer))
    response["Location"] = _url(request, transfer)
    return response


def _write_initial_bytes(
    request: UserRequest, transfer: Transfer, size: int | None, digest: tus_headers.Digest | None
) -> None:
    """Write the body. If that fails, delete the transfer, since the client doesn't get its URL."""
    try:
        if transfer.length is None and size is not None:
            transfers.reserve(transfer, length=None, end=size)
        with suppress(IncompleteBody):  # the response reports how much was received
            _write(request, transfer, 0, size, digest)
    except (UploadRejected, transfers.ChecksumMismatch, transfers.BytesLost, BodyTooLong, BadRequest, OSError):
        transfers.terminate(transfer)
        raise


def _concatenate(request: UserRequest, part_ids: list[UUID], **fields: str) -> HttpResponse:
    """Make an upload of partial transfers ("Concatenation")."""
    if "Upload-Length" in request.headers:
        raise BadRequest("Leave Upload-Length out: the length of the file is the sum of its parts.")
    transfer = transfers.concatenate(request.user, part_ids, **fields)
    return HttpResponse(status=201, headers={"Location": _url(request, transfer), **_state_headers(transfer)})


def _get(request: UserRequest) -> HttpResponse:
    """List the unfinished transfers, newest first."""
    unfinished = Transfer.objects.visible_to(request.user).unfinished()
    return JsonResponse([_as_json(transfer, request) for transfer in unfinished], safe=False)


def _checksum(request: UserRequest, transfer_id: UUID) -> HttpResponse:
    """Return the SHA-256 of acknowledged bytes."""
    transfer = _visible_transfer(request, transfer_id)
    if transfer.is_expired:
        return _expired()
    part = ChecksumQuery(request.GET)
    if not part.is_valid() or not 0 <= part.cleaned_data["start"] < part.cleaned_data["end"] <= transfer.offset:
        raise BadRequest(f"Name a part of the {transfer.offset} bytes received so far, by ?start= and ?end=.")
    start, end = part.cleaned_data["start"], part.cleaned_data["end"]
    if end - start > checksums.MAX_BYTES:
        raise BadRequest(f"The part is too large. The limit is {checksums.MAX_BYTES} bytes.")
    try:
        digest = checksums.checksum(transfer, start, end)
    except FileNotFoundError as error:
        raise transfers.OffsetConflict from error  # usually because it has just become an upload
    return JsonResponse({"start": start, "end": end, "sha256": digest})


def _head(request: UserRequest, transfer_id: UUID) -> HttpResponse:
    transfer = _visible_transfer(request, transfer_id)
    if transfer.is_expired:
        return _expired()
    return HttpResponse(headers=_state_headers(transfer) | _creation_headers(transfer))


def _patch(request: UserRequest, transfer_id: UUID) -> HttpResponse:
    """Append the body ("PATCH")."""
    transfer = _visible_transfer(request, transfer_id)
    if transfer.is_expired:
        return _expired()
    if request.content_type != tus_headers.BODY_TYPE:
        return _unsupported_type()
    offset = tus_headers.number(request, "Upload-Offset")
    if offset is None:
        raise BadRequest("Send the offset of the bytes in Upload-Offset.")
    if transfer.concat.startswith("final"):
        return _error(403, "This file was concatenated from parts, so nothing can be added to it.")
    if offset != transfer.offset:
        return _conflict(transfer)
    size, digest = tus_headers.body_size(request), tus_headers.checksum(request)
    length = _known_length(request, transfer)
    if length is not None and size is not None and offset + size > length:
        return _too_long(length)
    try:
        _append(request, transfer, offset, size, length, digest)
    except transfers.OffsetConflict:
        return _conflict(_visible_transfer(request, transfer_id))
    except IncompleteBody:
        detail = "The end of the body was not received in time. Send the rest, from Upload-Offset."
        return _error(408, detail, _state_headers(transfer))
    return HttpResponse(status=204, headers=_state_headers(transfer))


def _delete(request: UserRequest, transfer_id: UUID) -> HttpResponse:
    """Delete the transfer, or the upload that it has become ("Termination")."""
    transfer = _visible_transfer(request, transfer_id)
    if transfer.is_expired:
        return _expired()
    transfers.terminate(transfer)
    return HttpResponse(status=204)


index = protocol(POST=_post, GET=_get)
checksum = protocol(GET=_checksum)
detail = protocol(HEAD=_head, PATCH=_patch, DELETE=_delete)


def _append(
    request: UserRequest,
    transfer: Transfer,
    offset: int,
    size: int | None,
    length: int | None,
    digest: tus_headers.Digest | None,
) -> None:
    """Write the body, unless the transfer is complete. For a file of unknown length, reserve the body's quota first."""
    end = offset + (size or 0)
    if transfer.length is None and (length is not None or end > transfer.reserved):
        transfers.reserve(transfer, length=length, end=end)
    if transfer.upload_id is None and not (transfer.is_part and transfer.is_complete):
        _write(request, transfer, offset, size, digest)


def _write(
    request: UserRequest, transfer: Transfer, offset: int, size: int | None, digest: tus_headers.Digest | None
) -> None:
    """Write the body of the request. Raise the exceptions of `transfers` and `body`."""
    body = _chunked(request, transfer, offset) if size is None else read_body(request, size)
    writer = transfers.Writer(transfer, offset, digest)
    try:
        with writer:
            writer.receive(body)
    finally:
        transfer.offset = writer.acknowledged


def _chunked(request: UserRequest, transfer: Transfer, offset: int) -> Iterator[bytes]:
    """Yield a chunked body. For a file of unknown length, reserve the quota of each chunk before it is yielded."""
    limit = settings.MAX_UPLOAD_BYTES
    end = offset
    for data in read_chunked(request, limit if transfer.length is None else min(limit, transfer.length - offset)):
        end += len(data)
        if transfer.length is None and end > transfer.reserved:
            transfers.reserve(transfer, length=None, end=end)
            release_connection()
        yield data


def _known_length(request: UserRequest, transfer: Transfer) -> int | None:
    """Return the length if it is known by now. A deferred length comes with a later request ("Creation")."""
    length = tus_headers.number(request, "Upload-Length")
    if length is not None and transfer.length not in (None, length):
        raise BadRequest("Upload-Length differs from the one sent before.")
    if length is not None and length < transfer.offset:
        raise BadRequest("Upload-Length is less than the number of bytes received so far.")
    return transfer.length if length is None else length


def _visible_transfer(request: UserRequest, transfer_id: UUID) -> Transfer:
    visible = Transfer.objects.visible_to(request.user).select_related("upload")
    transfer = visible.filter(pk=transfer_id).first()
    if transfer is None or (transfer.upload and transfer.upload.deleted_at):
        raise Http404
    return transfer


def _name(metadata: dict[str, str]) -> str:
    return names.clean_name(metadata.get("filename") or metadata.get("name"))


def _url(request: UserRequest, transfer: Transfer) -> str:
    return request.build_absolute_uri(reverse("uploads:tus-detail", args=[transfer.pk]))


def _state_headers(transfer: Transfer) -> dict[str, str]:
    """Return the headers of every response about a transfer."""
    state = {"Upload-Offset": str(transfer.offset)}
    if transfer.upload_id is None:
        state["Upload-Expires"] = http_date(transfer.expires_at.timestamp())
    return state


def _creation_headers(transfer: Transfer) -> dict[str, str]:
    """Return the headers with which the client created the transfer."""
    length = ("Upload-Defer-Length", "1") if transfer.length is None else ("Upload-Length", str(transfer.length))
    sent = {"Upload-Metadata": transfer.metadata, "Upload-Concat": transfer.concat}
    return dict([length]) | {name: value for name, value in sent.items() if value}


def _as_json(transfer: Transfer, request: UserRequest) -> dict[str, Any]:
    return {
        "id": transfer.pk,
        "url": _url(request, transfer),
        "name": transfer.name,
        "size": transfer.length,
        "offset": transfer.offset,
        "receiving": transfer.is_receiving,
        "metadata": tus_headers.metadata(transfer.metadata),
        "expires_at": transfer.expires_at,
        "created_at": transfer.created_at,
    }


def _capabilities() -> HttpResponse:
    """Return the supported version, extensions and limits ("OPTIONS")."""
    capabilities = {"Tus-Extension": EXTENSIONS, "Tus-Checksum-Algorithm": ",".join(tus_headers.ALGORITHMS)}
    return HttpResponse(headers=_versions() | capabilities | {"Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES)})


def _versions() -> dict[str, str]:
    return {"Tus-Version": tus_headers.VERSION}


def _conflict(transfer: Transfer) -> HttpResponse:
    detail = f"The file continues at byte {transfer.offset:,}. Another request may be sending it too."
    return _error(409, detail, _state_headers(transfer))


def _too_long(length: int) -> HttpResponse:
    return _error(413, f"The file has {length:,} bytes, but this request would exceed that.")


def _expired() -> HttpResponse:
    return _error(410, "This unfinished upload has expired, and its bytes were deleted. Send the file again.")


def _unsupported_type() -> HttpResponse:
    return _error(415, f"Send the bytes as Content-Type: {tus_headers.BODY_TYPE}.")


def _error(status: int, text: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain", headers=headers)
