"""A story as lines of plain text, 80 columns wide: a sign a step, why, and after a cross what to change."""

import textwrap
from collections.abc import Callable, Iterator, Mapping

from config.cors.story import Call, Mark, Step, Story

WIDTH = 80
PLAIN = {Mark.GOOD: "+", Mark.BAD: "x", Mark.NOTE: "!"}
"""For terminals that have no other signs."""

Style = Callable[[str], str]


def lines(story: Story, styles: Mapping[Mark, Style], encoding: str) -> Iterator[str]:
    signs = {
        mark: style(mark.value if _can_show(mark.value, encoding) else PLAIN[mark]) for mark, style in styles.items()
    }
    arrow = "→" if _can_show("→", encoding) else "->"
    yield from _filled(_subject(story.call), "", "  ")
    for number, section in enumerate(story.sections, 1):
        yield ""
        yield from _filled(section.title, f"{number}. ", "   ")
        for step in section.steps:
            yield from _step(step, signs[step.mark], arrow)
    yield ""
    verdict = styles[Mark.GOOD if story.works else Mark.BAD]
    yield from map(verdict, _filled(_verdict(story), "", ""))


def _subject(call: Call) -> str:
    headers = f", headers: {', '.join(call.headers)}" if call.headers else ""
    return f'{call.origin} calls {call.method} {call.url}, credentials: "include"{headers}'


def _step(step: Step, sign: str, arrow: str) -> Iterator[str]:
    first, *rest = _filled(step.text, "", "")
    yield f"   {sign} {first}"
    yield from (f"     {line}" for line in rest)
    yield from _filled(step.why, "     ", "     ")
    if step.change:
        yield from _filled(step.change, f"     {arrow} ", "       ")


def _verdict(story: Story) -> str:
    if story.works:
        return "It works: the call is sent, the visitor is known, and the page may read the answer."
    crosses = [section for section in story.sections if not section.passes]
    where = _listed([str(story.sections.index(section) + 1) for section in crosses])
    return f"It doesn't work: {_what_happens(story)} See {where}."


def _what_happens(story: Story) -> str:
    if not story.sent:
        return "the browser doesn't even send the call."
    sent = "with the session cookie" if story.session else "without the session cookie"
    done = "does" if story.accepted else "refuses"
    read = "may" if story.readable else "may not"
    return f"the browser sends the call {sent}, the server {done} it, and the page {read} read the answer."


def _listed(items: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(items[:-1]), items[-1]]))


def _filled(text: str, first: str, then: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )


def _can_show(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
