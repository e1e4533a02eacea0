"""A tus client that says what it is told to, one request after the other, to Django's own test client."""

import base64

TUS = {"HTTP_TUS_RESUMABLE": "1.0.0"}
OCTETS = "application/offset+octet-stream"


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def begin(client, length=11, name="hello.txt", content=b"", **headers):
    """POST; `length` None leaves Upload-Length out."""
    if length is not None:
        headers["HTTP_UPLOAD_LENGTH"] = str(length)
    headers = {"HTTP_UPLOAD_METADATA": f"filename {b64(name)}"} | TUS | headers
    return client.generic("POST", "/api/tus", content, content_type=OCTETS if content else "", **headers)


def begun(client, length=11, **how) -> str:
    """The URL of a file that has been begun."""
    response = begin(client, length, **how)
    assert response.status_code == 201, response.content
    return response["Location"].removeprefix("http://testserver")


def patch(client, url, offset, content=b"", **headers):
    how = {"HTTP_UPLOAD_OFFSET": str(offset), "CONTENT_TYPE": OCTETS} | TUS | headers
    return client.generic("PATCH", url, content, content_type=how["CONTENT_TYPE"], **how)


def head(client, url):
    return client.head(url, **TUS)


def offset(client, url) -> int:
    return int(head(client, url)["Upload-Offset"])
