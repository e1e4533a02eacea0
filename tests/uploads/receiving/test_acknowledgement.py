"""Acknowledgement of received bytes: only after they are on disk and in the database."""

import pytest
from django.db import connection
from django.db.models import QuerySet

from tests.uploads.receiving.tus import create_transfer, patch
from uploads.models import Transfer, Upload
from uploads.receiving import pieces, transfers


class TestAcknowledgement:
    @pytest.fixture(autouse=True)
    def _acknowledge_only_at_the_end(self, monkeypatch):
        monkeypatch.setattr(transfers, "ACKNOWLEDGE_SECONDS", 3600)

    def test_follows_the_sync_to_disk(self, as_alice, monkeypatch):
        acknowledged = []
        sync = pieces.PieceWriter.sync

        def record_and_sync(writer):
            acknowledged.append((Transfer.objects.get().offset, Upload.objects.count()))
            sync(writer)

        monkeypatch.setattr(pieces.PieceWriter, "sync", record_and_sync)
        url = create_transfer(as_alice)
        patch(as_alice, url, 0, b"hello")
        assert acknowledged == [(0, 0)]
        patch(as_alice, url, 5, b" world")
        assert acknowledged == [(0, 0), (5, 0)]
        assert Upload.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_is_committed_durably(self, as_alice, monkeypatch):
        """On SQLite, these transactions, and only these, use `synchronous = FULL`."""
        update, levels = QuerySet.update, []

        def record_and_update(queryset, **values):
            if "offset" in values and connection.vendor == "sqlite":
                levels.append(synchronous())
            return update(queryset, **values)

        monkeypatch.setattr(QuerySet, "update", record_and_update)
        url = create_transfer(as_alice)
        patch(as_alice, url, 0, b"hello")
        patch(as_alice, url, 5, b" world")
        if connection.vendor == "sqlite":
            assert (levels, synchronous()) == ([FULL, FULL], NORMAL)


NORMAL, FULL = 1, 2


def synchronous() -> int:
    """Return the value of SQLite's pragma `synchronous`."""
    with connection.cursor() as cursor:
        return cursor.execute("PRAGMA synchronous").fetchone()[0]
