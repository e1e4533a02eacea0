"""Which to-dos of a list have changed, as a stream of events: the list's other tabs and devices ask for those anew.

    event: todos    id: <time>, and {"changed": {"<id>": <version>, …}}, or null instead of more than a hundred

It knows that something has changed, and not what: a to-do that can't be found any more is in the trash, or gone.
Whatever has written a to-do has raised its version and set `updated_at`, so nothing else is written for this.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from progress.live.hub import Source, Watcher
from progress.live.sse import Events, respond
from todos.models import Todo
from todos.retention import TRASH_KEPT

Changed = dict[int, int] | None
"""The versions of those that have changed, by their ids; None if they are too many."""

MOST_CHANGED = 100

LOOKING_BACK = timedelta(seconds=1)
LATEST = timedelta(seconds=60)
"""A change may become visible so long after its time: a long transaction commits late, and clocks of hosts differ."""


class Lists(Source[int, Changed]):
    """What has changed in the lists that are watched, by their owners' ids."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[int, dict[int, int]] = {}  # of each list, what has changed lately and was told

    def changes(self, thorough: bool) -> Iterator[tuple[int, Changed]]:
        told, found = self._told, self._changed(thorough)
        self._told = found if thorough else told | {owner: told.get(owner, {}) | found[owner] for owner in found}
        for owner, versions in found.items():
            known = told.get(owner, {})
            if news := {pk: version for pk, version in versions.items() if version > known.get(pk, 0)}:
                yield owner, _unless_too_many(news)

    def join(self, older: Changed, newer: Changed) -> Changed:
        return None if older is None or newer is None else _unless_too_many(older | newer)

    def forget(self, key: int) -> None:
        self._told.pop(key, None)

    def _changed(self, thorough: bool) -> dict[int, dict[int, int]]:
        """What has changed in the lists that are watched, as far back as that looks."""
        if thorough:
            todos = Todo.objects.changed_within(LATEST).owned_by_some(list(self.watching))
        else:
            todos = Todo.objects.changed_within(LOOKING_BACK)  # they are few, whosever they are
        found: dict[int, dict[int, int]] = defaultdict(dict)
        for owner, pk, version in todos.values_list("owner_id", "pk", "version"):
            if owner in self.watching:
                found[owner][pk] = version
        return dict(found)


class ListEvents(Events[int, Changed]):
    """Of one list, from a time on."""

    def __init__(self, watcher: Watcher[int, Changed], changed: Changed) -> None:
        super().__init__(watcher)
        self._changed = changed

    def first(self) -> bytes:
        return _event(self._changed)

    def tell(self, news: dict[int, Changed]) -> bytes:
        return b"".join(map(_event, news.values()))


@never_cache
@require_GET
def stream(request: HttpRequest) -> HttpResponseBase:
    """Return the events of the visitor's list, of which the first has the changes since `Last-Event-ID` or `?since=`.

    With `?once=true` the response ends after the first event, so that a proxy that buffers it can't hold it back.
    """
    since = _since(request)
    owner: Any = request.user

    def changed() -> Changed:
        return _changed_since(owner, since) if since else {}

    if request.GET.get("once") == "true":
        return HttpResponse(_event(changed()), content_type="text/event-stream")

    def begin(watcher: Watcher[int, Changed]) -> ListEvents:
        return ListEvents(watcher, changed())

    return respond(request, Lists, [owner.pk], begin)


def stamp() -> str:
    """The time, as an event has it for its id, and a page for its stream to begin from."""
    return timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _since(request: HttpRequest) -> datetime | None:
    """From when on the client wants to know. Raises BadRequest."""
    text = request.headers.get("Last-Event-ID", request.GET.get("since"))
    if text is None:
        return None
    with suppress(ValueError):
        since = parse_datetime(text)
        if since and timezone.is_aware(since):
            return since
    raise BadRequest("since is a time with its zone, as the id of an event has it, like 2030-01-31T12:00:00.000Z.")


def _changed_since(owner: Any, since: datetime) -> Changed:
    """Also what was about to be visible by then."""
    now = timezone.now()
    if since < now - TRASH_KEPT:  # some may have been deleted for good, which nobody can tell any more
        return None
    todos = Todo.objects.filter(owner=owner, updated_at__gte=min(since, now) - LATEST).order_by()
    return _unless_too_many(dict(todos.values_list("pk", "version")[: MOST_CHANGED + 1]))


def _unless_too_many(versions: dict[int, int]) -> Changed:
    return versions if len(versions) <= MOST_CHANGED else None


def _event(changed: Changed) -> bytes:
    return f"event: todos\nid: {stamp()}\ndata: {json.dumps({'changed': changed})}\n\n".encode()
