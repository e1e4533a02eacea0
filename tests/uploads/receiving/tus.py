"""Requests of a tus client, sent one by one by Django's test client."""

import base64

TUS = {"HTTP_TUS_RESUMABLE": "1.0.0"}
BODY_TYPE = "application/offset+octet-stream"


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def post_transfer(client, length=11, name="hello.txt", content=b"", **headers):
    """Send a POST request that creates a transfer. Without a length, leave Upload-Length out. Return the response."""
    if length is not None:
        headers["HTTP_UPLOAD_LENGTH"] = str(length)
    headers = {"HTTP_UPLOAD_METADATA": f"filename {b64(name)}"} | TUS | headers
    return client.generic("POST", "/api/tus", content, content_type=BODY_TYPE if content else "", **headers)


def create_transfer(client, length=11, **options) -> str:
    """Create a transfer and return the path of its URL. The options are those of `post_transfer`."""
    response = post_transfer(client, length, **options)
    assert response.status_code == 201, response.content
    return response["Location"].removeprefix("http://testserver")


def patch(client, url, offset, content=b"", **headers):
    headers = {"HTTP_UPLOAD_OFFSET": str(offset), "CONTENT_TYPE": BODY_TYPE} | TUS | headers
    return client.generic("PATCH", url, content, content_type=headers["CONTENT_TYPE"], **headers)


def head(client, url):
    return client.head(url, **TUS)


def offset(client, url) -> int:
    return int(head(client, url)["Upload-Offset"])
