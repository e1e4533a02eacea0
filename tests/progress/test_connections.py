"""Release of connections before a long wait."""

import pytest
from django.contrib.auth.models import User
from django.db import connections

from progress.connections import release_connection


@pytest.mark.django_db(transaction=True)
def test_release_connection_drops_no_open_connection():
    """A database in memory is lost with its last connection. Django keeps that open, so Headway must keep it, too."""
    User.objects.exists()
    before = connections["default"]
    release_connection()
    assert before.connection is None or connections["default"] is before
    assert not User.objects.exists()
