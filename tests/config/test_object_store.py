"""STORAGE_URL: valid and invalid values, and the options of the storage."""

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.object_store import ObjectStore
from uploads.storage.s3 import Bucket


def test_url_sets_all_options():
    store = ObjectStore.from_url("s3://AK:se%2Fc%3Aret@bucket/a/b?endpoint=https://s3.example.com&region=eu-central-1")
    assert store.options == {
        "bucket_name": "bucket",
        "location": "a/b",
        "access_key": "AK",
        "secret_key": "se/c:ret",
        "endpoint_url": "https://s3.example.com",
        "region_name": "eu-central-1",
        "addressing_style": "path",
    }


def test_url_has_defaults():
    store = ObjectStore.from_url("s3://bucket")
    assert (store.prefix, store.access_key, store.secret_key, store.region) == ("", None, None, "us-east-1")


def test_repr_does_not_contain_the_secret():
    assert "hunter2" not in repr(ObjectStore.from_url("s3://AK:hunter2@bucket"))


@given(key=st.text(min_size=1), secret=st.text(min_size=1))
def test_any_key_and_secret_can_be_quoted(key, secret):
    store = ObjectStore.from_url(f"s3://{quote(key, safe='')}:{quote(secret, safe='')}@bucket")
    assert (store.access_key, store.secret_key) == (key, secret)


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3:bucket",
        "gs://bucket",
        "https://s3.example.com/bucket",
        "s3://Bucket",
        "s3://b",
        "s3://bucket:9000",
        "s3://key@bucket",
        "s3://key:@bucket",
        "s3://:secret@bucket",
        "s3://@bucket",
        "s3://key:%ff@bucket",
        "s3://key:with/slash@bucket",
        "s3://bucket/a//b",
        "s3://bucket/../b",
        "s3://bucket/a/..",
        "s3://bucket/ü",
        "s3://bucket?region",
        "s3://bucket?region=",
        "s3://bucket?region=a&region=b",
        "s3://bucket?endpoint=s3.example.com",
        "s3://bucket?endpoint=https://user:password@s3.example.com",
        "s3://bucket?endpoint=https://s3.example.com?x",
        "s3://bucket?acl=public-read",
        "s3://bucket#fragment",
    ],
)
def test_invalid_url_is_rejected(url):
    with pytest.raises(ValueError, match=r"."):
        ObjectStore.from_url(url)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("s3://k:s@bucket", "https://bucket.s3.us-east-1.amazonaws.com"),
        ("s3://k:s@bucket?region=eu-central-1", "https://bucket.s3.eu-central-1.amazonaws.com"),
        ("s3://k:s@my.bucket?region=eu-central-1", "https://s3.eu-central-1.amazonaws.com"),
        ("s3://k:s@bucket?endpoint=https://s3.example.com:9000/base/", "https://s3.example.com:9000"),
        ("s3://k:s@bucket?endpoint=http://127.0.0.1:9000", "http://127.0.0.1:9000"),
    ],
)
def test_signed_urls_have_the_origin_allowed_by_the_content_security_policy(url, origin):
    store = ObjectStore.from_url(url)
    signed = urlsplit(Bucket(**store.options).url("a"))
    assert f"{signed.scheme}://{signed.netloc}" == store.origin == origin
    assert signed.path in ("/a", f"/{store.bucket}/a", f"/base/{store.bucket}/a")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in signed.query
