"""Which bytes a Range header asks for: RFC 9110 §14."""

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from uploads.http.ranges import RangeNotSatisfiable, requested_range

ETAG = '"abc"'


def ask(header: str, size: int, method: str = "GET", **headers: str) -> range | None:
    return requested_range(RequestFactory().generic(method, "/", headers={"Range": header, **headers}), size, ETAG)


@pytest.mark.parametrize(
    ("header", "part"),
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
def test_a_part_of_ten_bytes(header, part):
    assert ask(header, 10) == part


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=999999999999999999-"])
def test_a_part_that_is_not_there(header):
    with pytest.raises(RangeNotSatisfiable):
        ask(header, 10)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5"])
def test_an_empty_file_has_no_parts(header):
    with pytest.raises(RangeNotSatisfiable):
        ask(header, 0)


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
def test_what_is_no_single_range_is_the_whole(header):
    assert ask(header, 10) is None


def test_only_get_has_parts():
    assert ask("bytes=2-4", 10, method="HEAD") is None


@pytest.mark.parametrize("condition", ['"old"', 'W/"abc"', "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_of_a_file_that_may_have_changed_the_whole_is_wanted(condition):
    assert ask("bytes=2-4", 10, **{"If-Range": condition}) is None


def test_of_the_same_file_the_part_is_wanted():
    assert ask("bytes=2-4", 10, **{"If-Range": ETAG}) == range(2, 5)


@given(st.text(st.sampled_from("bytes=0123456789-, ")), st.integers(0, 10**15))
def test_whatever_is_asked_for_lies_within_the_file(header, size):
    try:
        part = ask(header, size)
    except RangeNotSatisfiable:
        return
    assert part is None or (0 <= part.start < part.stop <= size)
