"""Users in the admin site. A user can be deleted while they add to-dos and files."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from todos.models import Todo
from uploads.models import Upload

if TYPE_CHECKING:
    DjangoUserAdmin = admin.UserAdmin[User]
else:
    DjangoUserAdmin = admin.UserAdmin  # has no type parameters at run time


class UserAdmin(DjangoUserAdmin):
    def delete_model(self, request: HttpRequest, obj: User) -> None:
        delete_users(User.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        delete_users(queryset)


@transaction.atomic
def delete_users(users: QuerySet[User]) -> None:
    """Delete users and everything that belongs to them.

    The users, their to-dos and their files are locked first, because a row that is added during the deletion would
    refer to a deleted row.
    """
    ids = _lock(users)
    _lock(Todo.objects.filter(owner__in=ids))
    _lock(Upload.objects.filter(owner__in=ids))
    User.objects.filter(pk__in=ids).delete()


def _lock(rows: QuerySet[Any]) -> list[Any]:
    """Lock these rows in the order of their primary keys. Return the keys."""
    return list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
