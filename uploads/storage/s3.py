"""Storage in an S3-compatible object store. Imported only if STORAGE_URL names one, and not before a process forks.

Objects are private, and have the names of the files. Readers get signed URLs, which are made without a request to the
store. All errors of the store and of the network are raised as StorageUnavailable.
"""

import io
import time
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from types import SimpleNamespace
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from uploads.storage.directory import StorageUnavailable

READ_BYTES = 256 * 1024
PART_BYTES = 16 * 1024 * 1024
"""Larger files are uploaded in parts of this size, one at a time, which bounds the memory used."""

CHECK_SECONDS = 5
"""How long the result of `check` is cached."""

CLIENT = Config(
    signature_version="s3v4",
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=50,
    # By default boto3 adds checksums that many stores other than Amazon's reject.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
CHECK_CLIENT = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1})

FAILURES = (Boto3Error, BotoCoreError, ClientError)


def _translating_errors(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except FAILURES as error:
            raise _translate(error) from error

    return call


def _translate(error: Exception) -> OSError:
    """Map a missing object to FileNotFoundError. A missing bucket is unavailable: else all objects would seem lost."""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code in ("404", "NoSuchKey"):
        return FileNotFoundError(str(error))
    return StorageUnavailable(f"{type(error).__name__}: {error}")


class Bucket(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """The bucket that STORAGE_URL names, as a Django storage."""

    def __init__(self, *, addressing_style: str, **options: Any) -> None:
        super().__init__(
            **options,
            client_config=CLIENT.merge(Config(s3={"addressing_style": addressing_style})),
            transfer_config=TransferConfig(
                multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False
            ),
            default_acl=None,
            file_overwrite=True,
            object_parameters={"ContentType": "application/octet-stream"},  # never the type that a client stated
            querystring_auth=True,
            security_token=None,  # a token in the environment belongs to another key
        )
        # One client for the process. django-storages makes one for each thread, which under gevent is one for each
        # request, and making one takes 0.1 s. boto3 clients are thread-safe.
        self._connections = SimpleNamespace()
        self._checked_at = float("-inf")
        self._problem = ""

    @_translating_errors
    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        """Open the object as a stream, which can be read only once and from the start. No copy of it is made."""
        if mode != "rb":
            file: File[bytes] = super()._open(name, mode)
            return file
        body = self.bucket.Object(self._normalize_name(clean_name(name))).get()["Body"]
        return File(io.BufferedReader(body, READ_BYTES), name)

    @_translating_errors
    def read_part(self, name: str, start: int, end: int) -> bytes:
        """Return the bytes from `start` to before `end`."""
        key = self._normalize_name(clean_name(name))
        return bytes(self.bucket.Object(key).get(Range=f"bytes={start}-{end - 1}")["Body"].read())

    _save = _translating_errors(S3Storage._save)
    delete = _translating_errors(S3Storage.delete)
    exists = _translating_errors(S3Storage.exists)
    listdir = _translating_errors(S3Storage.listdir)
    size = _translating_errors(S3Storage.size)
    get_modified_time = _translating_errors(S3Storage.get_modified_time)
    url = _translating_errors(S3Storage.url)

    def check(self) -> None:
        """Raise StorageUnavailable if the bucket can't be reached, or couldn't within the last CHECK_SECONDS."""
        if time.monotonic() - self._checked_at > CHECK_SECONDS:
            self._problem = self._probe()
            self._checked_at = time.monotonic()
        if self._problem:
            raise StorageUnavailable(self._problem)

    def _probe(self) -> str:
        """Request the bucket. Return the error, or an empty string."""
        config = self.client_config.merge(CHECK_CLIENT)
        options = {"region_name": self.region_name, "endpoint_url": self.endpoint_url, "config": config}
        try:
            with closing(self._create_session().client("s3", **options)) as client:
                client.head_bucket(Bucket=self.bucket_name)
        except FAILURES as error:
            return f"{type(error).__name__}: {error}"
        return ""
