"""Release of connections before a long wait."""

import pytest
from django.contrib.auth.models import User
from django.db import connections

from progress.connections import release_connection


@pytest.mark.django_db(transaction=True)
def test_release_connection_drops_no_open_connection():
    """A database in memory ends with its last connection, so Django keeps it open, and so must we."""
    User.objects.exists()
    before = connections["default"]
    release_connection()
    assert before.connection is None or connections["default"] is before
    assert not User.objects.exists()
