"""The lock of one user: whoever holds it may change the user's quota or the positions in the user's list."""

from typing import Any

from django.contrib.auth import get_user_model


def lock_owner(owner: Any) -> None:
    """Lock the user's row until the end of the transaction. Foreign keys to the user can still be written."""
    get_user_model().objects.select_for_update(no_key=True).get(pk=owner.pk)
