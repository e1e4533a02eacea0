"""Files in an S3-compatible store, by django-storages. Loaded only where STORAGE_URL names one, and not before a fork.

Objects are private, and their names are the files'. Readers get signed URLs, which are made here without asking the
store. Whatever goes wrong in the store or on the way to it is a StorageUnavailable.
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
"""A larger file goes up in parts of this size, one after the other, so that no more of it is ever in memory."""

CHECK_SECONDS = 5
"""How long the answer to `check` is believed."""

CLIENT = Config(
    signature_version="s3v4",
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=50,
    # Checksums of Amazon's own, which boto3 adds by itself, are refused by many other stores.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
IMPATIENT = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1})

FAILURES = (Boto3Error, BotoCoreError, ClientError)


def _translated(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except FAILURES as error:
            raise _translation(error) from error

    return call


def _translation(error: Exception) -> OSError:
    """A missing object is a missing file. A missing bucket is not: all objects would seem to be lost."""
    said = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if said in ("404", "NoSuchKey"):
        return FileNotFoundError(str(error))
    return StorageUnavailable(f"{type(error).__name__}: {error}")


class Bucket(S3Storage):
    """The bucket that STORAGE_URL names, as a storage of Django's."""

    def __init__(self, *, addressing_style: str, **options: Any) -> None:
        super().__init__(
            **options,
            client_config=CLIENT.merge(Config(s3={"addressing_style": addressing_style})),
            transfer_config=TransferConfig(
                multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False
            ),
            default_acl=None,
            file_overwrite=True,
            object_parameters={"ContentType": "application/octet-stream"},  # whatever the user's client said
            querystring_auth=True,
            security_token=None,  # one in the environment belongs to the key in the environment
        )
        # One client for the whole process: django-storages makes one a thread, which with gevent is one a request,
        # and each takes a tenth of a second to make. boto3's clients may be shared.
        self._connections = SimpleNamespace()
        self._checked_at = float("-inf")
        self._problem = ""

    @_translated
    def _open(self, name: str, mode: str = "rb") -> File:
        """To be read from its beginning to its end, as it arrives: no copy of it is made first."""
        if mode != "rb":
            return super()._open(name, mode)
        body = self.bucket.Object(self._normalize_name(clean_name(name))).get()["Body"]
        return File(io.BufferedReader(body, READ_BYTES), name)

    @_translated
    def read_part(self, name: str, start: int, end: int) -> bytes:
        """Return the bytes from `start` to before `end`."""
        key = self._normalize_name(clean_name(name))
        return self.bucket.Object(key).get(Range=f"bytes={start}-{end - 1}")["Body"].read()

    _save = _translated(S3Storage._save)
    delete = _translated(S3Storage.delete)
    exists = _translated(S3Storage.exists)
    listdir = _translated(S3Storage.listdir)
    size = _translated(S3Storage.size)
    get_modified_time = _translated(S3Storage.get_modified_time)
    url = _translated(S3Storage.url)

    def check(self) -> None:
        """Raises StorageUnavailable if the store can't be asked, or couldn't a few seconds ago."""
        if time.monotonic() - self._checked_at > CHECK_SECONDS:
            self._problem = self._ask()
            self._checked_at = time.monotonic()
        if self._problem:
            raise StorageUnavailable(self._problem)

    def _ask(self) -> str:
        """What is wrong with the bucket; empty when nothing is."""
        config = self.client_config.merge(IMPATIENT)
        how = {"region_name": self.region_name, "endpoint_url": self.endpoint_url, "config": config}
        try:
            with closing(self._create_session().client("s3", **how)) as client:
                client.head_bucket(Bucket=self.bucket_name)
        except FAILURES as error:
            return f"{type(error).__name__}: {error}"
        return ""
