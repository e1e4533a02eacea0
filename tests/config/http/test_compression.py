"""Compression of pages, and of nothing else."""

import gzip

import pytest

PAGE = "/todos/"
STREAM = "/api/progress/stream/?once=true"


@pytest.fixture
def get(client, alice):
    """Send a request of a logged-in user as browsers do."""
    client.force_login(alice)
    return lambda path, accepted="gzip, deflate, br": client.get(path, headers={"Accept-Encoding": accepted})


def test_page_is_compressed_for_clients_that_accept_it(get):
    response = get(PAGE)
    assert response["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response["Vary"]
    assert int(response["Content-Length"]) == len(response.content)
    assert b"<title>To-dos" in gzip.decompress(response.content)


def test_page_is_not_compressed_for_other_clients(get):
    response = get(PAGE, accepted="identity")
    assert "Content-Encoding" not in response
    assert "Accept-Encoding" in response["Vary"]
    assert b"<title>To-dos" in response.content


def test_compressed_size_of_a_page_is_random(get):
    assert len({len(get(PAGE).content) for _ in range(10)}) > 5


@pytest.mark.parametrize("path", ["/api/todos/", STREAM])
def test_other_responses_are_not_compressed(get, path):
    response = get(path)
    response.close()  # ends the stream
    assert response.status_code == 200
    assert "Content-Encoding" not in response
