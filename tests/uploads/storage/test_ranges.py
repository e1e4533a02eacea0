"""Parsing of the headers Range and If-Range (RFC 9110 §13.1.5 and §14)."""

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from uploads.http.ranges import RangeNotSatisfiable, requested_range

ETAG = '"abc"'


def parse(header: str, size: int, method: str = "GET", **headers: str) -> range | None:
    return requested_range(RequestFactory().generic(method, "/", headers={"Range": header, **headers}), size, ETAG)


@pytest.mark.parametrize(
    ("header", "requested"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=2-4", range(2, 5)),
        ("bytes=2-", range(2, 10)),
        ("bytes=2-99", range(2, 10)),
        ("bytes=9-", range(9, 10)),
        ("bytes=-1", range(9, 10)),
        ("bytes=-99", range(10)),
        ("Bytes = 2-4", range(2, 5)),
    ],
)
def test_range_of_ten_bytes_is_parsed(header, requested):
    assert parse(header, 10) == requested


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=999999999999999999-"])
def test_range_outside_the_file_is_not_satisfiable(header):
    with pytest.raises(RangeNotSatisfiable):
        parse(header, 10)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5"])
def test_range_of_an_empty_file_is_not_satisfiable(header):
    with pytest.raises(RangeNotSatisfiable):
        parse(header, 0)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=4-2",
        "bytes=1-2-3",
        "bytes=0-1,4-5",
        "lines=0-1",
        "bytes=٣-",
    ],
)
def test_header_without_a_single_valid_range_is_ignored(header):
    assert parse(header, 10) is None


def test_range_of_a_head_request_is_ignored():
    assert parse("bytes=2-4", 10, method="HEAD") is None


@pytest.mark.parametrize("condition", ['"old"', 'W/"abc"', "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_range_is_ignored_if_if_range_does_not_match(condition):
    assert parse("bytes=2-4", 10, **{"If-Range": condition}) is None


def test_range_is_used_if_if_range_matches():
    assert parse("bytes=2-4", 10, **{"If-Range": ETAG}) == range(2, 5)


@given(st.text(st.sampled_from("bytes=0123456789-, ")), st.integers(0, 10**15))
def test_range_is_within_the_file(header, size):
    try:
        requested = parse(header, size)
    except RangeNotSatisfiable:
        return
    assert requested is None or (0 <= requested.start < requested.stop <= size)
