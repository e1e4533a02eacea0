"""An explanation as plain text of 80 columns: for each check its outcome, the reason and the remedy."""

import textwrap
from collections.abc import Callable, Iterator, Mapping

from config.cors.explanation import Call, Check, Explanation, Outcome

WIDTH = 80
ASCII_SIGNS = {Outcome.PASSED: "+", Outcome.FAILED: "x", Outcome.NOTE: "!"}

Style = Callable[[str], str]


def lines(explanation: Explanation, styles: Mapping[Outcome, Style], encoding: str) -> Iterator[str]:
    """Yield the lines. Signs that the encoding of the terminal doesn't have are replaced by ASCII."""
    signs = {
        outcome: style(outcome.value if _can_encode(outcome.value, encoding) else ASCII_SIGNS[outcome])
        for outcome, style in styles.items()
    }
    arrow = "→" if _can_encode("→", encoding) else "->"
    yield from _wrapped(_summary(explanation.call), "", "  ")
    for number, section in enumerate(explanation.sections, 1):
        yield ""
        yield from _wrapped(section.title, f"{number}. ", "   ")
        for check in section.checks:
            yield from _check_lines(check, signs[check.outcome], arrow)
    yield ""
    style = styles[Outcome.PASSED if explanation.works else Outcome.FAILED]
    yield from map(style, _wrapped(_result(explanation), "", ""))


def _summary(call: Call) -> str:
    headers = f", headers: {', '.join(call.headers)}" if call.headers else ""
    return f'{call.origin} sends {call.method} {call.url}, credentials: "include"{headers}'


def _check_lines(check: Check, sign: str, arrow: str) -> Iterator[str]:
    first, *rest = _wrapped(check.text, "", "")
    yield f"   {sign} {first}"
    yield from (f"     {line}" for line in rest)
    yield from _wrapped(check.reason, "     ", "     ")
    if check.remedy:
        yield from _wrapped(check.remedy, f"     {arrow} ", "       ")


def _result(explanation: Explanation) -> str:
    if explanation.works:
        return "It works: the request is sent, the user is known, and the page may read the response."
    numbers = [str(number) for number, section in enumerate(explanation.sections, 1) if not section.passes]
    return f"It doesn't work: {_course(explanation)} See {_joined(numbers)}."


def _course(explanation: Explanation) -> str:
    if not explanation.sent:
        return "the browser doesn't send the request."
    sent = "with the session cookie" if explanation.session else "without the session cookie"
    accepted = "accepts" if explanation.accepted else "rejects"
    readable = "may" if explanation.readable else "may not"
    return f"the browser sends the request {sent}, the server {accepted} it, and the page {readable} read the response."


def _joined(items: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(items[:-1]), items[-1]]))


def _wrapped(text: str, first_indent: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first_indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _can_encode(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
