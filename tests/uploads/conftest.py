"""A real object store, for the tests that want one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from config.object_store import ObjectStore
from tests import swift


@pytest.fixture(scope="session")
def swift_server(tmp_path_factory) -> Iterator[swift.Server]:
    with swift.server(tmp_path_factory.mktemp("swift")) as server:
        yield server


@pytest.fixture
def bucket(swift_server, settings, state_dir: Path) -> Iterator[swift.Bucket]:
    """An empty one, in which uploads are kept instead of in the state directory."""
    with swift_server.bucket() as bucket:
        store = ObjectStore.from_url(bucket.url)
        settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "uploads.s3.Bucket", "OPTIONS": store.options}}
        yield bucket
        default_storage.connection.meta.client.close()  # it would be kept until the process ends
