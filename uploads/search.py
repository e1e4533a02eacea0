"""Search text: a form of names and other texts in which equal words are equal strings, on every database.

Databases fold case and compare composed with decomposed characters differently, or not at all. So the folded text is
stored beside the original, and a search is a comparison of bytes.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
else:
    TextField = models.TextField  # has no type parameters at run time

ACCENTS = re.compile("[\u0300-\u036f]")
"""The combining marks of Latin, Greek and Cyrillic letters. Marks of other scripts make other words."""


def fold(text: str) -> str:
    """Return the text without differences of case, compatibility forms (NFKC) and composed characters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def fold_name(name: str) -> str:
    """Return the folded name without accents, so that names sort by their letters and are found without accents."""
    return fold(ACCENTS.sub("", unicodedata.normalize("NFKD", fold(name))))


def words_of(text: str) -> list[str]:
    """Return the words of a folded text, the longest first. A word that is part of another word is omitted."""
    words = sorted(set(text.split()), key=len, reverse=True)
    return [word for index, word in enumerate(words) if not any(word in longer for longer in words[:index])]


def contains(word: str, columns: Iterable[str]) -> Q:
    """Return the condition that a folded word occurs in one of the columns."""
    found = Q()
    for column in columns:
        found |= Q(GreaterThan(StrIndex(column, Value(word)), 0))
    return found


class FoldedField(TextField):
    """The folded text of another field, computed when an instance is saved or created in bulk."""

    def __init__(self, source: str, **options: Any) -> None:
        self.source = source
        super().__init__(**{"default": "", "db_default": "", "editable": False, **options})

    def deconstruct(self) -> Any:
        name, path, arguments, options = super().deconstruct()
        return name, path, arguments, {**options, "source": self.source}

    def fold(self, text: str) -> str:
        return fold(text)

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        folded = self.fold(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, folded)
        return folded


class FoldedNameField(FoldedField):
    """The folded start of a name, for search and for a sort order by code points, as on every database."""

    def fold(self, text: str) -> str:
        return fold_name(text)[: self.max_length]

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters: dict[str, Any] = {**super().db_parameters(connection)}
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters
