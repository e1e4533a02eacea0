"""Detection of content types by the first bytes of a file, and the kinds of files that have decoders."""

from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers import photo
from uploads.kinds import KINDS, kind_of, sniff


@pytest.mark.parametrize(
    ("format", "content_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("AVIF", "image/avif"),
    ],
)
def test_picture_is_recognised_by_its_signature(format, content_type):
    assert sniff(photo(format=format)[:4096]) == content_type


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp41", "application/octet-stream"),
        (b"\0\0\0\x10ftypmif1\0\0\0\0heicheic", "application/octet-stream"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain"),
        ("Grüße, Welt\n".encode(), "text/plain"),
        (("x" * 4095 + "ü").encode()[:4096], "text/plain"),
        ("Grüße".encode("latin-1"), "application/octet-stream"),
        (b"\0\1\2\3", "application/octet-stream"),
        (b"PK\3\4", "application/octet-stream"),
        (b"RIFF\0\0\0\0WAVE", "application/octet-stream"),
    ],
)
def test_first_bytes_determine_content_type(head, content_type):
    assert sniff(head) == content_type


@given(st.binary(max_size=64))
def test_content_type_of_any_bytes_is_valid(head):
    assert "/" in sniff(head)
    assert "/" in sniff(b"\0\0\0\x40ftyp" + head)


@pytest.mark.parametrize(
    ("before", "content_type"),
    [
        (b"\r\n", "application/pdf"),
        (b"\xef\xbb\xbf", "application/pdf"),
        (b" " * 1010, "application/pdf"),
        (b" " * 1030, "text/plain"),
        (b"\0\1binary" * 16, "application/pdf"),
        (b"A text about PDFs, which start with ", "text/plain"),
    ],
)
def test_pdf_header_may_follow_white_space_or_binary_data(before, content_type):
    assert sniff(before + b"%PDF-1.7\n1 0 obj") == content_type


@pytest.mark.parametrize("kind", KINDS, ids=[kind.decoder for kind in KINDS])
def test_kind_has_a_decoder_module_and_unique_content_types(kind):
    assert find_spec(f"uploads.decoding.{kind.decoder}")
    assert {kind_of(content_type) for content_type in kind.content_types} == {kind}


def test_text_has_no_kind():
    assert kind_of("text/plain") is None
