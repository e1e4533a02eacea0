"""Template tags for the icons of Lucide, as inline SVG."""

import re
from functools import cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

register = template.Library()

SIZE = 20
"""Width and height in CSS pixels."""


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """Return an icon that assistive technology ignores, so the element around it needs a text or an accessible name."""
    return mark_safe(_svg(name, **{"class": "icon", "aria_hidden": "true"}))  # noqa: S308  # a file of the package


@register.simple_tag
@cache
def define_icons(*names: str) -> SafeString:
    """Return an invisible element with icons to which the page refers by `use_icon`. It saves bytes in long lists."""
    icons = "".join(_svg(name, id=f"icon-{name}") for name in names)
    icons = icons.replace(f'width="{SIZE}" height="{SIZE}" ', "")  # they are as large as the <svg> that uses them
    return mark_safe(f"<svg hidden>{icons}</svg>")  # noqa: S308  # files of the package


@register.simple_tag
@cache
def use_icon(name: str) -> SafeString:
    """Return an icon that `define_icons` has defined."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#icon-{}"/></svg>', name)


def _svg(name: str, **attributes: str) -> str:
    return re.sub(r"\n\s*", "", lucide(name, size=SIZE, **attributes))
