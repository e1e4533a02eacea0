"""The lock of one user: whoever holds it may change the user's quota or the positions in the user's list."""

from django.contrib.auth.models import User


def lock_owner(owner: User) -> None:
    """Lock the user's row until the end of the transaction. Foreign keys to the user can still be written."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
