"""Links in titles."""

import time

import pytest

from todos.templatetags.todos import link_urls


def link(url: str) -> str:
    return f'<a href="{url}" rel="noopener noreferrer nofollow">{url}</a>'


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Buy milk & bread", "Buy milk &amp; bread"),
        ("http://example.org", link("http://example.org")),
        ("HTTPS://EXAMPLE.ORG/A", link("HTTPS://EXAMPLE.ORG/A")),
        ("Read https://example.org/a, then b", f"Read {link('https://example.org/a')}, then b"),
        ("See (https://example.org/a).", f"See ({link('https://example.org/a')})."),
        ("https://example.org/Milk_(drink)", link("https://example.org/Milk_(drink)")),
        ("https://a.example https://b.example", f"{link('https://a.example')} {link('https://b.example')}"),
        ("https://example.org/?a=1&b='2'", link("https://example.org/?a=1&amp;b=&#x27;2") + "&#x27;"),
        ('https://example.org/"onclick=x', f"{link('https://example.org/')}&quot;onclick=x"),
        ("https://example.org/<script>", f"{link('https://example.org/')}&lt;script&gt;"),
        ("javascript://example.org/%0aalert(1)", "javascript://example.org/%0aalert(1)"),
        ("ftp://example.org", "ftp://example.org"),
        ("https://", "https://"),
    ],
)
def test_only_urls_of_web_pages_become_links(title, expected):
    assert link_urls(title) == expected


@pytest.mark.parametrize("end", ["https://", "(", ".", "()", "(."])
def test_time_to_link_the_longest_title_is_short(end):
    started_at = time.process_time()
    link_urls(f"https://a{end * 500}"[:500])
    assert time.process_time() - started_at < 0.1
