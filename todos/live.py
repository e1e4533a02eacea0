"""The stream of changed to-dos, by which pages on other tabs and devices know which rows to fetch.

    event: todos    id: <time>, data: {"changed": {"<id>": <version>, …}}, or null instead of more than 100 to-dos

The stream names to-dos but not what has changed: a to-do that a client can't fetch has been deleted. It reads only the
version and `updated_at`, which every write to a to-do sets.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from progress.live.hub import Source, Watcher
from progress.live.sse import EventStream, stream_response
from progress.types import UserRequest
from todos.models import Todo
from uploads.retention import TRASH_RETENTION

Changed = dict[int, int] | None
"""The versions of changed to-dos by their ids, or None if they are more than MAX_CHANGED."""

MAX_CHANGED = 100

TICK_PERIOD = timedelta(seconds=1)
"""The age of the changes that every tick of the hub queries."""

MAX_DELAY = timedelta(seconds=60)
"""The time after which a change becomes visible at the latest: transactions take time, and clocks of hosts differ."""


class Lists(Source[int, Changed]):
    """The changed to-dos of the watched lists, by the ids of their owners."""

    def __init__(self) -> None:
        super().__init__()
        self._reported: dict[int, dict[int, int]] = {}  # versions by id, by owner

    def changes(self, thorough: bool) -> Iterator[tuple[int, Changed]]:
        reported, found = self._reported, self._query(thorough)
        recent = {owner: reported.get(owner, {}) | found[owner] for owner in found}
        self._reported = found if thorough else reported | recent
        for owner, versions in found.items():
            known = reported.get(owner, {})
            if changed := {pk: version for pk, version in versions.items() if version > known.get(pk, 0)}:
                yield owner, _unless_too_many(changed)

    def merge(self, older: Changed, newer: Changed) -> Changed:
        return None if older is None or newer is None else _unless_too_many(older | newer)

    def discard(self, key: int) -> None:
        self._reported.pop(key, None)

    def _query(self, thorough: bool) -> dict[int, dict[int, int]]:
        """Return the versions of changed to-dos by their ids, by owner."""
        if thorough:
            todos = Todo.objects.changed_within(MAX_DELAY).owned_by_any(list(self.watching))
        else:
            todos = Todo.objects.changed_within(TICK_PERIOD)  # few, even of all owners
        found: dict[int, dict[int, int]] = defaultdict(dict)
        for owner, pk, version in todos.values_list("owner_id", "pk", "version"):
            if owner in self.watching:
                found[owner][pk] = version
        return dict(found)


class ListEvents(EventStream[int, Changed]):
    """The events of one list."""

    def __init__(self, watcher: Watcher[int, Changed], changed: Changed) -> None:
        super().__init__(watcher)
        self._changed = changed

    def initial(self) -> bytes:
        return _event(self._changed)

    def encode(self, changes: dict[int, Changed]) -> bytes:
        return b"".join(map(_event, changes.values()))


@never_cache
@require_GET
def stream(request: UserRequest) -> HttpResponseBase:
    """Stream the changes of the user's list. The first event has the changes since `Last-Event-ID` or `?since=`.

    With `?once=true` the response ends after the first event, so that it also arrives through a proxy that buffers.
    """
    since = _since(request)
    owner = request.user

    def changed() -> Changed:
        return _changed_since(owner, since) if since else {}

    if request.GET.get("once") == "true":
        return HttpResponse(_event(changed()), content_type="text/event-stream")

    def begin(watcher: Watcher[int, Changed]) -> ListEvents:
        return ListEvents(watcher, changed())

    return stream_response(request, Lists, [owner.pk], begin)


def timestamp() -> str:
    """Return the current time as the id of an event, from which a stream can begin."""
    return timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _since(request: UserRequest) -> datetime | None:
    """Return the time from which the client requests changes. Raise BadRequest."""
    text = request.headers.get("Last-Event-ID", request.GET.get("since"))
    if text is None:
        return None
    with suppress(ValueError):
        since = parse_datetime(text)
        if since and timezone.is_aware(since):
            return since
    raise BadRequest("Send `since` as a time with a UTC offset, such as the id of an event: 2030-01-31T12:00:00.000Z.")


def _changed_since(owner: User, since: datetime) -> Changed:
    """Return the to-dos that have changed since this time, or may have become visible since."""
    now = timezone.now()
    if since < now - TRASH_RETENTION:  # to-dos may have been deleted permanently, so that no row shows the change
        return None
    todos = Todo.objects.filter(owner=owner, updated_at__gte=min(since, now) - MAX_DELAY).order_by()
    return _unless_too_many(dict(todos.values_list("pk", "version")[: MAX_CHANGED + 1]))


def _unless_too_many(versions: dict[int, int]) -> Changed:
    return versions if len(versions) <= MAX_CHANGED else None


def _event(changed: Changed) -> bytes:
    return f"event: todos\nid: {timestamp()}\ndata: {json.dumps({'changed': changed})}\n\n".encode()
