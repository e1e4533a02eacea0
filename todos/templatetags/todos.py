"""Template tags and filters of to-dos."""

import re
from collections.abc import Iterable

from django import template
from django.template.context import Context
from django.template.loader import get_template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from todos.models import Todo

register = template.Library()

URL = re.compile(
    r"""(
        https?://
        (?:[^\s<>"()]|\([^\s<>"()]*\))*  # parentheses in pairs
        (?:[^\s<>"().,:;!?'\[\]]|\([^\s<>"()]*\))  # no punctuation at the end
    )""",
    re.IGNORECASE | re.VERBOSE,
)


@register.simple_tag(takes_context=True)
def todo_rows(context: Context, todos: Iterable[Todo], *, oob: bool = False) -> SafeString:
    """Render the rows of to-dos. With `oob`, htmx replaces the rows that have the same ids."""
    rows = {"todos": todos, "list": context["list"], "is_htmx": bool(context["request"].htmx), "oob": oob}
    return mark_safe(get_template("todos/_todos.jinja", using="jinja2").render(rows))  # noqa: S308  # it escapes


@register.filter
def link_urls(text: str) -> SafeString:
    """Escape a text, and make a link of each http or https URL in it."""
    if "://" not in text:
        return conditional_escape(text)
    parts = URL.split(text)  # texts and URLs take turns
    links = (format_html('<a href="{0}" rel="noopener noreferrer nofollow">{0}</a>', url) for url in parts[1::2])
    texts = map(conditional_escape, parts[::2])
    return mark_safe("".join(part for pair in zip(texts, [*links, ""], strict=True) for part in pair))  # noqa: S308  # all parts are escaped
