"""The environment of Jinja templates. They render long lists, for which Django's templates are too slow."""

import re
from typing import Any

from django.urls import reverse
from jinja2 import Environment, StrictUndefined
from jinja2.ext import Extension

from config.templatetags.icons import use_icon
from todos.templatetags.todos import link_urls


class JoinLines(Extension):
    """Removes the line breaks and the indentation of templates, so that the pages don't contain them."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return re.sub(r"\n\s*", "", source)


def environment(**options: Any) -> Environment:
    environment = Environment(**{**options, "undefined": StrictUndefined}, extensions=[JoinLines])  # noqa: S701  # Django sets autoescape
    environment.globals["url"] = reverse
    environment.filters |= {"link_urls": link_urls, "use_icon": use_icon}  # filters of constants run only once
    return environment
