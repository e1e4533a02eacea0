"""Compression of pages.

An attacker who can make a browser repeat a request, and who sees the sizes of its encrypted responses, could guess the
secrets in them (BREACH). Django masks its CSRF tokens and adds a random number of bytes to each response against that.
nginx doesn't, so it compresses only static files.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware import gzip


class CompressPagesMiddleware(gzip.GZipMiddleware):
    """Django's middleware, changed to leave everything but HTML as it is.

    The compression would delay the events of streams, and weaken the ETags of the API.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
