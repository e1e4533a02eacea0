"""/api/tus: files that arrive in as many requests as it takes. The protocol is tus 1.0.0, whose sections are named.

    POST /api/tus          begins a file, and may bring its first bytes; or joins parts to one
    GET  /api/tus          my unfinished ones, as JSON: what could be gone on with, from whichever device
    HEAD /api/tus/<id>     how much has arrived
    PATCH                  brings more
    DELETE                 forgets it
    GET  /api/tus/<id>/checksum?start=0&end=1000    the SHA-256 of bytes that have arrived: not part of tus, but of use
                           before a client goes on with a file of which it only knows the name and the size

With its last byte the file becomes an upload of the same id: see /api/uploads/<id>/, and there its job.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.http import http_date
from django.views.decorators.cache import never_cache

from progress.connections import release_connection
from uploads.models import Transfer
from uploads.receiving import checksums, names, transfers
from uploads.receiving import tus_headers as read
from uploads.receiving.body import BodyTooLong, IncompleteBody, arriving, arriving_chunked
from uploads.receiving.limits import UploadRejected, takes_chunked_bodies, takes_files

EXTENSIONS = "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination,concatenation"
OVERRIDES = ("PATCH", "DELETE", "HEAD")

PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    transfers.WrongOffset: (
        409,
        "Somebody else has gone on with this file, or deleted it. Ask for its offset by HEAD.",
    ),
    transfers.NotJoinable: (409, ""),
    transfers.ChecksumMismatch: (460, "The bytes that arrived do not match Upload-Checksum. Send them again."),
    transfers.TooMany: (429, "Many files are on their way already: GET lists them. Finish or delete some first."),
    BodyTooLong: (413, "The body has more bytes than this file may still have."),
    transfers.Lost: (410, "Bytes of this file were lost here. Send it again from the beginning."),
}
"""What to say to what can go wrong; without a text, what it says itself."""

View = Callable[..., HttpResponse]


class ChecksumQuery(forms.Form):
    start = forms.IntegerField()
    end = forms.IntegerField()


def protocol(**methods: View) -> View:
    """Return a view that dispatches on the method, given as keyword arguments."""

    @takes_files
    @takes_chunked_bodies
    @never_cache
    @wraps(next(iter(methods.values())))
    def view(request: HttpRequest, **arguments: Any) -> HttpResponse:
        return _answer(methods, request, **arguments)

    return view


def _answer(methods: dict[str, View], request: HttpRequest, **arguments: Any) -> HttpResponse:
    method = request.method or ""
    if method == "POST" and request.headers.get("X-HTTP-Method-Override") in OVERRIDES:
        method = request.headers["X-HTTP-Method-Override"]
    if method == "OPTIONS":
        return _capabilities()
    if method not in methods:
        return HttpResponse(status=405, headers={"Allow": ", ".join([*methods, "OPTIONS"])})
    if method != "GET" and request.headers.get("Tus-Resumable") != read.VERSION:
        return _refuse(412, f"Say Tus-Resumable: {read.VERSION}; that is what is spoken here.", _versions())
    try:
        return methods[method](request, **arguments)
    except UploadRejected as reason:
        return _refuse(413, str(reason))
    except tuple(PROBLEMS) as problem:
        status, text = PROBLEMS[type(problem)]
        return _refuse(status, text or str(problem))


def _post(request: HttpRequest) -> HttpResponse:
    """Begin a file (§ "Creation"), with its first bytes or without (§ "Creation With Upload")."""
    kind, part_ids = read.concat(request)
    text = request.headers.get("Upload-Metadata", "")
    how = {"name": _name(read.metadata(text)), "metadata": text, "concat": request.headers.get("Upload-Concat", "")}
    if kind == "final":
        return _join(request, part_ids, **how)
    length = read.length_to_begin_with(request)
    size, digest = read.body_size(request), read.checksum(request)
    if size != 0 and request.content_type != read.BODY_TYPE:
        return _wrong_type()
    if length is not None and size is not None and size > length:
        return _overshoot(length)
    transfer = transfers.start(request.user, length=length, is_part=kind == "partial", **how)
    if size != 0 or (length == 0 and not kind):  # an empty file is complete when it is created
        _write_first(request, transfer, size, digest)
    response = HttpResponse(status=201, headers=_state(transfer))
    response["Location"] = _url(request, transfer)
    return response


def _write_first(request: HttpRequest, transfer: Transfer, size: int | None, digest: read.Digest | None) -> None:
    """Write the body. If that fails, delete the transfer, since the client doesn't get its URL."""
    try:
        if transfer.length is None and size is not None:
            transfers.promise(transfer, length=None, end=size)
        with suppress(IncompleteBody):  # the answer says how much has been received
            _write(request, transfer, 0, size, digest)
    except (UploadRejected, transfers.ChecksumMismatch, transfers.Lost, BodyTooLong, BadRequest, OSError):
        transfers.terminate(transfer)
        raise


def _join(request: HttpRequest, part_ids: list[UUID], **how: str) -> HttpResponse:
    """Make one file of parts (§ "Concatenation")."""
    if "Upload-Length" in request.headers:
        raise BadRequest("The length of a file that is joined is that of its parts: leave Upload-Length out.")
    whole = transfers.join(request.user, part_ids, **how)
    return HttpResponse(status=201, headers={"Location": _url(request, whole), **_state(whole)})


def _get(request: HttpRequest) -> HttpResponse:
    """The files of which something is still to come, newest first."""
    mine = Transfer.objects.visible_to(request.user).unfinished()
    return JsonResponse([_as_json(transfer, request) for transfer in mine], safe=False)


def _checksum(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """Answer the SHA-256 of acknowledged bytes."""
    transfer = _mine(request, transfer_id)
    if transfer.is_expired:
        return _gone()
    part = ChecksumQuery(request.GET)
    if not part.is_valid() or not 0 <= part.cleaned_data["start"] < part.cleaned_data["end"] <= transfer.offset:
        raise BadRequest(f"Name a part of the {transfer.offset} bytes that have arrived, by ?start= and ?end=.")
    start, end = part.cleaned_data["start"], part.cleaned_data["end"]
    if end - start > checksums.MAX_BYTES:
        raise BadRequest(f"The part is too large: at most {checksums.MAX_BYTES} bytes.")
    try:
        digest = checksums.checksum(transfer, start, end)
    except FileNotFoundError as error:
        raise transfers.WrongOffset from error  # it has just been completed or deleted, or else PATCH finds out
    return JsonResponse({"start": start, "end": end, "sha256": digest})


def _head(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    transfer = _mine(request, transfer_id)
    return _gone() if transfer.is_expired else HttpResponse(headers=_state(transfer) | _kept_headers(transfer))


def _patch(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """Write on (§ "PATCH")."""
    transfer = _mine(request, transfer_id)
    if transfer.is_expired:
        return _gone()
    if request.content_type != read.BODY_TYPE:
        return _wrong_type()
    offset = read.number(request, "Upload-Offset")
    if offset is None:
        raise BadRequest("Say where the bytes belong, by Upload-Offset.")
    if transfer.concat.startswith("final"):
        return _refuse(403, "This file was joined from parts, so nothing can be added to it.")
    if offset != transfer.offset:
        return _conflict(transfer)
    size, digest, length = read.body_size(request), read.checksum(request), _length(request, transfer)
    if length is not None and size is not None and offset + size > length:
        return _overshoot(length)
    try:
        _write_on(request, transfer, offset, size, length, digest)
    except transfers.WrongOffset:
        return _conflict(_mine(request, transfer_id))
    except IncompleteBody:
        said = "The end of the body was not received in time. Send the rest, from Upload-Offset."
        return _refuse(408, said, _state(transfer))
    return HttpResponse(status=204, headers=_state(transfer))


def _delete(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """Forget it, and what it may have become (§ "Termination")."""
    transfer = _mine(request, transfer_id)
    if transfer.is_expired:
        return _gone()
    transfers.terminate(transfer)
    return HttpResponse(status=204)


index = protocol(POST=_post, GET=_get)
checksum = protocol(GET=_checksum)
detail = protocol(HEAD=_head, PATCH=_patch, DELETE=_delete)


def _write_on(
    request: HttpRequest,
    transfer: Transfer,
    offset: int,
    size: int | None,
    length: int | None,
    digest: read.Digest | None,
) -> None:
    """Unless all of it is here already. Of a file of unknown length each request takes the room that it needs."""
    end = offset + (size or 0)
    if transfer.length is None and (length is not None or end > transfer.reserved):
        transfers.promise(transfer, length=length, end=end)
    if transfer.upload_id is None and not (transfer.is_part and transfer.is_complete):
        _write(request, transfer, offset, size, digest)


def _write(request: HttpRequest, transfer: Transfer, offset: int, size: int | None, digest: read.Digest | None) -> None:
    """Write the body of the request. Raises what `transfers` and `body` raise."""
    body = _chunked(request, transfer, offset) if size is None else arriving(request, size)
    writer = transfers.Writer(transfer, offset, digest)
    try:
        with writer:
            writer.receive(body)
    finally:
        transfer.offset = writer.counted


def _chunked(request: HttpRequest, transfer: Transfer, offset: int) -> Iterator[bytes]:
    """Yield a body of unknown length. While the length of the file is unknown too, reserve each part's room first."""
    most = settings.MAX_UPLOAD_BYTES
    end = offset
    for data in arriving_chunked(request, most if transfer.length is None else min(most, transfer.length - offset)):
        end += len(data)
        if transfer.length is None and end > transfer.reserved:
            transfers.promise(transfer, length=None, end=end)
            release_connection()
        yield data


def _length(request: HttpRequest, transfer: Transfer) -> int | None:
    """As it is known by now: where it was deferred, Upload-Length comes with a later request (§ "Creation")."""
    length = read.number(request, "Upload-Length")
    if length is not None and transfer.length not in (None, length):
        raise BadRequest("Upload-Length has been said before, and was another one.")
    if length is not None and length < transfer.offset:
        raise BadRequest("Upload-Length is less than what has already arrived.")
    return transfer.length if length is None else length


def _mine(request: HttpRequest, transfer_id: UUID) -> Transfer:
    visible = Transfer.objects.visible_to(request.user).select_related("upload")
    transfer = visible.filter(pk=transfer_id).first()
    if transfer is None or (transfer.upload and transfer.upload.deleted_at):
        raise Http404
    return transfer


def _name(metadata: dict[str, str]) -> str:
    return names.clean_name(metadata.get("filename") or metadata.get("name"))


def _url(request: HttpRequest, transfer: Transfer) -> str:
    return request.build_absolute_uri(reverse("uploads:tus-detail", args=[transfer.pk]))


def _state(transfer: Transfer) -> dict[str, str]:
    """What each answer about a transfer says."""
    state = {"Upload-Offset": str(transfer.offset)}
    if transfer.upload_id is None:
        state["Upload-Expires"] = http_date(transfer.expires_at.timestamp())
    return state


def _kept_headers(transfer: Transfer) -> dict[str, str]:
    """What the client said when it began."""
    length = ("Upload-Defer-Length", "1") if transfer.length is None else ("Upload-Length", str(transfer.length))
    kept = {"Upload-Metadata": transfer.metadata, "Upload-Concat": transfer.concat}
    return dict([length]) | {name: value for name, value in kept.items() if value}


def _as_json(transfer: Transfer, request: HttpRequest) -> dict[str, Any]:
    return {
        "id": transfer.pk,
        "url": _url(request, transfer),
        "name": transfer.name,
        "size": transfer.length,
        "offset": transfer.offset,
        "receiving": transfer.is_receiving,
        "metadata": read.metadata(transfer.metadata),
        "expires_at": transfer.expires_at,
        "created_at": transfer.created_at,
    }


def _capabilities() -> HttpResponse:
    """§ "OPTIONS"."""
    able = {"Tus-Extension": EXTENSIONS, "Tus-Checksum-Algorithm": ",".join(read.ALGORITHMS)}
    return HttpResponse(headers=_versions() | able | {"Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES)})


def _versions() -> dict[str, str]:
    return {"Tus-Version": read.VERSION}


def _conflict(transfer: Transfer) -> HttpResponse:
    said = f"The file goes on at byte {transfer.offset:,}; somebody else may be sending it too."
    return _refuse(409, said, _state(transfer))


def _overshoot(length: int) -> HttpResponse:
    return _refuse(413, f"The file has {length:,} bytes, and more than that are being sent.")


def _gone() -> HttpResponse:
    return _refuse(410, "This file waited too long for its next byte, so what had arrived was deleted. Send it again.")


def _wrong_type() -> HttpResponse:
    return _refuse(415, f"Send the bytes as Content-Type: {read.BODY_TYPE}.")


def _refuse(status: int, text: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain", headers=headers)
