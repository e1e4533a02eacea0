"""Deletion of users, by themselves or in the admin, while they may be adding to-dos and files."""

import time
from collections.abc import Iterable
from typing import Any

from axes.models import AccessFailureLog, AccessLog
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet

from todos.models import Todo
from uploads.models import Transfer, Upload

BATCH_SIZE = 100
"""Sessions per query. Other requests of the process run between queries."""


def delete_users(users: QuerySet[User]) -> None:
    """Delete users and everything that belongs to them, and the records of their logins.

    Their jobs are deleted too: a worker that is running one stops at its next write. The bytes of files and unfinished
    uploads are deleted after the commit (see `uploads/storage/deletion.py`).
    """
    names = dict(users.values_list("pk", "username"))
    _delete_rows(names)
    _delete_sessions({str(pk) for pk in names})
    for model in (AccessLog, AccessFailureLog):
        model.objects.filter(username__in=names.values()).delete()


def is_last_superuser(user: User) -> bool:
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    return user.is_superuser and not others.exists()


@transaction.atomic
def _delete_rows(ids: Iterable[int]) -> None:
    """Delete the users with these ids, with all rows that refer to them.

    The users, their to-dos and their files are locked first, because a row that is added during the deletion would
    refer to a deleted row. Transfers are locked before anything that refers to the users is blocked: a transfer that
    is completed is locked first, and the upload that it becomes is added then.
    """
    users = User.objects.filter(pk__in=list(ids))
    _lock(users, no_key=True)
    _lock(Transfer.objects.filter(owner__in=users))
    locked = _lock(users)
    _lock(Todo.objects.filter(owner__in=locked))
    _lock(Upload.objects.filter(owner__in=locked))
    User.objects.filter(pk__in=locked).delete()


def _lock(rows: QuerySet[Any], no_key: bool = False) -> list[Any]:
    """Lock these rows in the order of their primary keys. Return the keys."""
    return list(rows.order_by("pk").select_for_update(no_key=no_key, of=("self",)).values_list("pk", flat=True))


def _delete_sessions(user_ids: set[str]) -> None:
    """Delete the sessions of deleted users. Only its encoded data names a session's user, so all sessions are read."""
    keys = []
    for number, session in enumerate(Session.objects.iterator(chunk_size=BATCH_SIZE)):
        if number % BATCH_SIZE == 0:
            time.sleep(0)  # lets other greenlets of the web process run
        if session.get_decoded().get(SESSION_KEY) in user_ids:
            keys.append(session.session_key)
    Session.objects.filter(session_key__in=keys).delete()
