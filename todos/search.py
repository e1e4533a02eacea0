"""Search text: a form of titles and notes in which equal words are equal strings, on every database.

Databases fold case and compare composed with decomposed characters differently, or not at all. So the folded text is
stored beside the original, and a search is a comparison of bytes.
"""

import unicodedata
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
else:
    TextField = models.TextField  # has no type parameters at run time

FOLDED = {"title": "title_folded", "notes": "notes_folded"}
"""The columns of the folded text of each field that is searched."""


def fold(text: str) -> str:
    """Return the text without differences of case, compatibility forms (NFKC) and composed characters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def words_of(text: str) -> list[str]:
    """Return the folded words to search for, the longest first. A word that is part of another word is omitted."""
    words = sorted(set(fold(text).split()), key=len, reverse=True)
    return [word for index, word in enumerate(words) if not any(word in longer for longer in words[:index])]


def contains(word: str) -> Q:
    """Return the condition that a folded word occurs in the title or the notes."""
    found = Q()
    for column in FOLDED.values():
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

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        folded = fold(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, folded)
        return folded
