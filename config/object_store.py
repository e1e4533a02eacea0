"""Parser of STORAGE_URL: bucket, credentials and endpoint of an S3-compatible store.

    s3://KEY:SECRET@bucket/prefix?endpoint=https://s3.example.com&region=eu-central-1

The default endpoint is Amazon's. Without a key, boto3 looks for credentials, such as those of the machine's role. This
module imports neither Django nor boto3, so that gunicorn's master process can validate the URL before it forks.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
PREFIX = r"([A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*)?"  # no part begins with a dot
REGION = r"[a-z0-9-]+"
ENDPOINT = r"https?://[A-Za-z0-9_.-]+(:[0-9]+)?(/[A-Za-z0-9_./-]*)?"
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class ObjectStore:
    """A bucket, or the part of it below a prefix."""

    bucket: str
    prefix: str
    access_key: str | None
    secret_key: str | None = field(repr=False)
    endpoint: str
    region: str

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Raise ValueError if the URL is invalid."""
        parts = urlsplit(url)
        user, at, bucket = parts.netloc.rpartition("@")
        access_key, _, secret_key = (unquote(each, errors="strict") for each in user.partition(":"))
        options = _options(parts.query)
        region = _matching(REGION, options.pop("region", DEFAULT_REGION))
        endpoint = _matching(ENDPOINT, options.pop("endpoint", _amazon(region)).rstrip("/"))
        if parts.scheme != "s3" or parts.fragment or options or not bool(at) == bool(access_key) == bool(secret_key):
            raise ValueError("not the URL of a bucket")
        return cls(
            bucket=_matching(BUCKET, bucket),
            prefix=_matching(PREFIX, parts.path.strip("/")),
            access_key=access_key or None,
            secret_key=secret_key or None,
            endpoint=endpoint,
            region=region,
        )

    @property
    def addressing_style(self) -> str:
        """Return "virtual" (the bucket is in the host of URLs) for Amazon, or "path", which every store supports."""
        in_host = self.endpoint == _amazon(self.region) and "." not in self.bucket
        return "virtual" if in_host else "path"  # wildcard certificates don't match a bucket name with dots

    @property
    def origin(self) -> str:
        """Return the origin of signed URLs."""
        url = urlsplit(self.endpoint)
        host = f"{self.bucket}.{url.netloc}" if self.addressing_style == "virtual" else url.netloc
        return f"{url.scheme}://{host}"

    @property
    def options(self) -> dict[str, Any]:
        """Return the options of django-storages' S3 backend."""
        return {
            "bucket_name": self.bucket,
            "location": self.prefix,
            "access_key": self.access_key,
            "secret_key": self.secret_key,
            "endpoint_url": self.endpoint,
            "region_name": self.region,
            "addressing_style": self.addressing_style,
        }


def _amazon(region: str) -> str:
    return f"https://s3.{region}.amazonaws.com"


def _options(query: str) -> dict[str, str]:
    """Parse the query. Raise ValueError if an option is repeated."""
    options = parse_qs(query, keep_blank_values=True, strict_parsing=bool(query))
    return {name: value for name, (value,) in options.items()}


def _matching(pattern: str, value: str) -> str:
    if not re.fullmatch(pattern, value):
        raise ValueError("not the URL of a bucket")
    return value
