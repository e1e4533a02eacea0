"""The request headers that pages on other origins may send, and the response headers that they may read.

The CORS headers of Django and nginx (deploy/render_nginx.py) and the table in the guide are derived from these lists.
"""

REQUEST_HEADERS = [
    *("Accept", "Authorization", "Content-Type", "User-Agent", "X-CSRFToken", "X-Requested-With", "X-Request-ID"),
    *("If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Last-Event-ID", "Range"),
    *("Tus-Resumable", "Upload-Checksum", "Upload-Concat", "Upload-Defer-Length", "Upload-Length"),
    *("Upload-Metadata", "Upload-Offset", "X-HTTP-Method-Override"),
]

RESPONSE_HEADERS = [
    *("Allow", "Content-Disposition", "ETag", "Link", "Location", "Retry-After", "WWW-Authenticate", "X-Request-ID"),
    *("Tus-Checksum-Algorithm", "Tus-Extension", "Tus-Max-Size", "Tus-Resumable", "Tus-Version"),
    *("Upload-Concat", "Upload-Defer-Length", "Upload-Expires", "Upload-Length", "Upload-Metadata", "Upload-Offset"),
]
