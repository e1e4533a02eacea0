"""Requests and responses of pages."""

import re

HTMX = {"HX-Request": "true"}
"""The header that htmx sends."""


def titles(page: str) -> list[str]:
    """Return the titles of the rows of a page or fragment, in their order."""
    return re.findall(r'<label dir="auto">(.*?)</label>', page)
