"""Users in the admin site. A user can be deleted while they add to-dos and files."""

from typing import TYPE_CHECKING

from django.contrib.auth import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from config.accounts.deletion import delete_users

if TYPE_CHECKING:
    DjangoUserAdmin = admin.UserAdmin[User]
else:
    DjangoUserAdmin = admin.UserAdmin  # has no type parameters at run time


class UserAdmin(DjangoUserAdmin):
    def delete_model(self, request: HttpRequest, obj: User) -> None:
        delete_users(User.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        delete_users(queryset)
