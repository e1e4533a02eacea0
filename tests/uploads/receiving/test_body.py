"""Bodies that are chunked, stall, or end early, read by gunicorn from a socket."""

import socket
from contextlib import suppress

import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from tests.helpers import problem
from tests.uploads.receiving.tus import BODY_TYPE, TUS, create_transfer, offset, post_transfer
from uploads.models import Transfer, Upload
from uploads.receiving import body

MULTIPART = "multipart/form-data; boundary=x"
CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}


@pytest.fixture
def over_socket(monkeypatch):
    """Return a function that makes the WSGI variables of a request whose body begins with these bytes.

    The client then closes the connection, or stalls, which is noticed after a fifth of a second.
    """
    monkeypatch.setattr(body, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(body, "STALL_SECONDS", 0.2)
    sockets: list[socket.socket] = []

    def send(content: bytes, length: int | None = None, *, close: bool = False) -> dict:
        client, server = socket.socketpair()
        sockets.extend((client, server))
        framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        client.sendall(f"PATCH / HTTP/1.1\r\n{framing}\r\n\r\n".encode() + content)
        if close:
            client.close()
        request = next(RequestParser(Config(), server, ("127.0.0.1", 1)))
        declared = CHUNKED if length is None else {"CONTENT_LENGTH": str(length)}
        return {"wsgi.input": request.body, "gunicorn.socket": server, **declared}

    yield send
    for end in sockets:
        with suppress(OSError):
            end.close()


def chunks(*parts: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts) + end


def patch(client, url, start, environ, **headers):
    headers = {"HTTP_UPLOAD_OFFSET": str(start), "CONTENT_TYPE": BODY_TYPE} | TUS | environ | headers
    return client.generic("PATCH", url, **headers)


class TestStalledTransfer:
    def test_returns_408_and_keeps_received_bytes(self, as_alice, over_socket):
        """Less than 4 KiB may be lost, because gunicorn returns only complete reads."""
        url = create_transfer(as_alice, 11_000)
        response = patch(as_alice, url, 0, over_socket(bytes(9000), 11_000))
        problem(response, 408)
        assert response["Upload-Offset"] == "8192"
        assert patch(as_alice, url, 8192, over_socket(bytes(2808), 2808)).status_code == 204
        assert Upload.objects.get().size == 11_000

    def test_of_a_disconnected_client_keeps_every_byte(self, as_alice, over_socket):
        url = create_transfer(as_alice)
        patch(as_alice, url, 0, over_socket(b"hello", 11, close=True))
        assert offset(as_alice, url) == 5

    @pytest.mark.parametrize("close", [False, True])
    def test_with_chunks_returns_408_and_keeps_received_bytes(self, as_alice, over_socket, close):
        url = create_transfer(as_alice)
        response = patch(as_alice, url, 0, over_socket(chunks(b"hell", b"o", end=b""), close=close))
        problem(response, 408)
        assert response["Upload-Offset"] == "5"

    def test_with_checksum_keeps_nothing(self, as_alice, over_socket):
        url = create_transfer(as_alice)
        response = patch(as_alice, url, 0, over_socket(b"hello", 11), HTTP_UPLOAD_CHECKSUM="sha1 YQ==")
        problem(response, 408)
        assert response["Upload-Offset"] == "0"

    def test_as_post_returns_201_and_keeps_received_bytes(self, as_alice, over_socket):
        response = post_transfer(as_alice, 11_000, CONTENT_TYPE=BODY_TYPE, **over_socket(bytes(9000), 11_000))
        assert (response.status_code, response["Upload-Offset"]) == (201, "8192")


class TestStalledRequest:
    """Received bytes of a form or of JSON are not kept."""

    @pytest.mark.parametrize(
        ("url", "content_type"),
        [
            ("/api/uploads/", MULTIPART),
            ("/uploads/", MULTIPART),
            ("/todos/", MULTIPART),
            ("/todos/", "application/x-www-form-urlencoded"),
            ("/api/todos/", "application/json"),
        ],
    )
    def test_returns_408(self, as_alice, over_socket, url, content_type):
        part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc'
        environ = over_socket(part if content_type == MULTIPART else b"title=", 1000)
        response = as_alice.generic("POST", url, CONTENT_TYPE=content_type, **environ)
        assert response.status_code == 408
        assert not Upload.objects.exists()


class TestChunkedBody:
    def test_is_appended(self, as_alice, over_socket):
        url = create_transfer(as_alice)
        response = patch(as_alice, url, 0, over_socket(chunks(b"hel", b"lo")))
        assert (response.status_code, response["Upload-Offset"]) == (204, "5")
        assert patch(as_alice, url, 5, over_socket(chunks(b" world"))).status_code == 204
        assert Upload.objects.get().size == 11

    @pytest.mark.parametrize("excess", [b"!", b"!" * 100_000])
    def test_longer_than_the_file_returns_413(self, as_alice, over_socket, excess):
        url = create_transfer(as_alice)
        problem(patch(as_alice, url, 0, over_socket(chunks(b"hello world", excess))), 413)
        assert offset(as_alice, url) < 11
        assert not Upload.objects.exists()

    def test_longer_than_the_limit_returns_413(self, as_alice, over_socket, settings):
        settings.MAX_UPLOAD_BYTES = 8
        url = create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1")
        problem(patch(as_alice, url, 0, over_socket(chunks(b"hello", b"world"))), 413)
        assert not Upload.objects.exists()

    def test_longer_than_the_quota_returns_413(self, as_alice, over_socket, settings):
        settings.USER_QUOTA_BYTES = 8
        url = create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1")
        problem(patch(as_alice, url, 0, over_socket(chunks(b"hello", b"world"))), 413)
        assert Transfer.objects.get().reserved <= 8

    def test_of_a_file_of_unknown_length_reserves_quota(self, as_alice, over_socket):
        url = create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1")
        assert patch(as_alice, url, 0, over_socket(chunks(b"hello"))).status_code == 204
        assert Transfer.objects.get().reserved == 5
        assert patch(as_alice, url, 5, over_socket(chunks(b" world")), HTTP_UPLOAD_LENGTH="11").status_code == 204
        assert Upload.objects.get().size == 11

    @pytest.mark.parametrize("content", [b"x\r\nhello\r\n", b"5\r\nhelloXX", b"5\r\nhello\r\n0\r\nbad trailer\r\n\r\n"])
    def test_with_malformed_chunks_returns_400(self, as_alice, over_socket, content):
        problem(patch(as_alice, create_transfer(as_alice), 0, over_socket(content)), 400)

    def test_as_post_is_appended(self, as_alice, over_socket):
        response = post_transfer(as_alice, CONTENT_TYPE=BODY_TYPE, **over_socket(chunks(b"hello")))
        assert (response.status_code, response["Upload-Offset"]) == (201, "5")
        problem(post_transfer(as_alice, CONTENT_TYPE=BODY_TYPE, **over_socket(chunks(b"hello world", b"!"))), 413)
        assert Transfer.objects.count() == 1

    def test_of_another_view_returns_411(self, as_alice, over_socket):
        environ = over_socket(chunks(b"{}"))
        problem(as_alice.generic("POST", "/api/todos/", CONTENT_TYPE="application/json", **environ), 411)
