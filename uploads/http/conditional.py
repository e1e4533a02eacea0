"""Conditional requests (RFC 9110 §13), also behind a proxy that compresses."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response


def conditional_response(
    request: HttpRequest, etag: str, response: HttpResponse, last_modified: int | None = None
) -> HttpResponseBase:
    """Return a 304 or a 412 if the conditions of the request require it, else the response.

    A proxy that compresses a response makes its ETag weak, so If-Match accepts the weak form of the ETag as well.
    """
    if "HTTP_IF_MATCH" in request.META:
        request.META["HTTP_IF_MATCH"] = request.META["HTTP_IF_MATCH"].replace('W/"', '"')
    return get_conditional_response(request, etag, last_modified, response) or response
