"""Event stream of changed to-dos."""

import json
import time
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from progress.live import sse
from progress.live.hub import Hub, hub
from tests.helpers import body, make_login, make_todo, problem
from todos.live import Lists
from todos.models import Todo

pytestmark = pytest.mark.usefixtures("during_waits")

URL = "/api/todos/stream/"


@pytest.fixture(autouse=True)
def _short_streams(monkeypatch):
    """Shorten streams: most tests read them to the end, and each tick of the hub takes time."""
    monkeypatch.setattr(sse, "MAX_STREAM_SECONDS", 60.0)


def reported_changes(response) -> list[dict | None]:
    """Read the stream to the end. Return the changes in each event."""
    assert (response.status_code, response["Content-Type"]) == (200, "text/event-stream")
    blocks = [block for block in body(response).decode().split("\n\n") if block.startswith("event: todos\nid: ")]
    return [json.loads(block.partition("\ndata: ")[2])["changed"] for block in blocks]


def commit_change(todo: Todo, seconds_ago: float = 0, **values) -> None:
    """Simulate a transaction that changed the to-do `seconds_ago` seconds ago and commits now."""
    changed_at = timezone.now() - timedelta(seconds=seconds_ago)
    Todo.objects.filter(pk=todo.pk).update(version=F("version") + 1, updated_at=changed_at, **values)


def make_old_todo(**values) -> Todo:
    todo = make_todo(**values)
    Todo.objects.filter(pk=todo.pk).update(updated_at=timezone.now() - timedelta(days=1))
    return todo


def test_stream_begins_empty_and_reports_each_change_once(as_alice, alice, during_waits):
    todo, other = make_old_todo(owner=alice), make_old_todo(owner=alice)
    during_waits += [
        Todo.objects.filter(pk=todo.pk).complete,
        lambda: None,
        lambda: Todo.objects.filter(pk=other.pk).trash(),
        lambda: make_todo(owner=alice, id=10**6),
    ]
    assert reported_changes(as_alice.get(URL)) == [{}, {str(todo.pk): 2}, {str(other.pk): 2}, {"1000000": 1}]


def test_stream_does_not_report_other_users_changes(as_bob, visitor, alice, during_waits):
    todo = make_old_todo(owner=alice)
    during_waits.append(Todo.objects.filter(pk=todo.pk).complete)
    assert reported_changes(as_bob.get(f"{URL}?since={timezone.now().isoformat()[:-6]}Z")) == [{}]
    problem(visitor.get(URL), 401)


@pytest.mark.parametrize("source", ["query", "header"])
def test_first_event_has_the_changes_since_the_given_time(as_alice, alice, source):
    """Changes made up to a minute before `since` are included, because their transactions may have committed later."""
    since = timezone.now() - timedelta(hours=1)
    old, pending, new = make_old_todo(owner=alice), make_old_todo(owner=alice), make_old_todo(owner=alice)
    commit_change(old, 3600 + 70)
    commit_change(pending, 3600 + 50)
    commit_change(new, 3000)
    if source == "query":
        response = as_alice.get(URL, {"since": since.isoformat()})
    else:
        response = as_alice.get(f"{URL}?since=2020-01-01T00:00Z", headers={"Last-Event-ID": since.isoformat()})
    assert reported_changes(response) == [{str(pending.pk): 2, str(new.pk): 2}]


def test_stream_resumes_from_the_id_of_an_event(as_alice, alice, during_waits):
    todo = make_old_todo(owner=alice)
    during_waits.append(Todo.objects.filter(pk=todo.pk).complete)
    events = body(as_alice.get(URL)).decode()
    ids = [line.removeprefix("id: ") for line in events.splitlines() if line.startswith("id: ")]
    assert reported_changes(as_alice.get(f"{URL}?since={ids[0]}"))[0] == {str(todo.pk): 2}


@pytest.mark.parametrize("since", ["", "yesterday", "2026-02-31T00:00:00Z", "2026-11-24T12:00:00", "12", "\0"])
def test_invalid_since_returns_400(as_alice, since):
    assert "with a UTC offset" in problem(as_alice.get(URL, {"since": since}), 400)["detail"]


def test_since_in_the_future_is_treated_as_now(as_alice, alice):
    todo = make_todo(owner=alice)
    assert reported_changes(as_alice.get(URL, {"since": "9999-12-31T23:59:59-12:00"}))[0] == {str(todo.pk): 1}


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+23:00", "2020-01-01T00:00Z"])
def test_since_older_than_trash_retention_reports_null(as_alice, since):
    assert reported_changes(as_alice.get(URL, {"since": since})) == [None]


def test_more_than_100_changes_are_reported_as_null(as_alice, alice, during_waits):
    Todo.objects.bulk_create(Todo(owner=alice, title="Step", order=number) for number in range(101))
    now = timezone.now().isoformat()
    Todo.objects.update(updated_at=timezone.now() - timedelta(days=1))
    during_waits += [lambda: Todo.objects.first().delete(), lambda: Todo.objects.complete(), lambda: None]
    assert [changed and len(changed) for changed in reported_changes(as_alice.get(URL))] == [{}, 100]
    Todo.objects.bulk_create([Todo(owner=alice, title="Another step", order=0)])
    assert reported_changes(as_alice.get(URL, {"since": now}))[0] is None


def test_change_committed_late_is_reported_once(as_alice, alice, during_waits):
    todo = make_old_todo(owner=alice)
    during_waits += [lambda: commit_change(todo, seconds_ago=50), lambda: None, lambda: None]
    assert reported_changes(as_alice.get(URL)) == [{}, {str(todo.pk): 2}]


def test_stream_has_common_headers_duration_and_limits(as_alice, settings, monkeypatch):
    started_at = time.monotonic()
    response = as_alice.get(URL)
    assert response["X-Accel-Buffering"] == "no"
    assert list(response)[1:] == [b": keep-alive\n\n"] * 11
    assert time.monotonic() - started_at == 60
    for method in ("head", "post"):
        assert getattr(as_alice, method)(URL).status_code == 405
    monkeypatch.setattr(hub, "stopping", True)
    assert reported_changes(as_alice.get(URL)) == [{}]
    settings.PROGRESS_MAX_WATCHERS = 0
    response = as_alice.get(URL)
    assert (problem(response, 503)["status"], response["Retry-After"]) == (503, "5")


def test_stream_with_once_ends_after_the_first_event_and_ignores_the_limit(as_alice, alice, settings):
    settings.PROGRESS_MAX_WATCHERS = 0
    todo = make_todo(owner=alice)
    response = as_alice.get(URL, {"since": timezone.now().isoformat(), "once": "true"})
    assert not response.streaming
    assert reported_changes(response) == [{str(todo.pk): 1}]
    assert reported_changes(as_alice.get(f"{URL}?once=true")) == [{}]
    problem(as_alice.get(f"{URL}?once=true&since=yesterday"), 400)


def test_closing_unread_stream_removes_its_watcher(as_alice):
    as_alice.get(URL).close()


def test_number_of_queries_does_not_grow_with_watched_lists(alice, bob, django_assert_num_queries):
    owners = [alice, bob]
    todos = [make_todo(owner=owner) for owner in owners for _ in range(20)]
    new_hub = Hub()
    watchers = [new_hub.watch(Lists, [owner.pk], make_login(owner)) for owner in owners for _ in range(10)]
    for thorough_at, queries in ((time.monotonic(), 1), (-1000.0, 3)):  # a thorough tick checks the logins as well
        new_hub._thorough_at = thorough_at
        changed = Todo.objects.filter(pk__in=[todo.pk for todo in todos])
        assert changed.complete() or changed.reactivate()
        with django_assert_num_queries(queries):
            new_hub.tick()
    for watcher in watchers:
        ((owner_id, changed),) = watcher.wait(0).items()
        assert changed == {todo.pk: 3 for todo in todos if todo.owner_id == owner_id}  # both changes are merged
    for watcher in watchers:
        watcher.close()
    with django_assert_num_queries(0):
        new_hub.tick()


def test_reported_changes_are_discarded_after_a_minute(alice):
    lists = Lists()
    lists.watching[alice.pk] = set()
    todo = make_todo(owner=alice)
    assert list(lists.changes(thorough=False)) == [(alice.pk, {todo.pk: 1})]
    assert list(lists.changes(thorough=True)) == []
    assert lists._reported == {alice.pk: {todo.pk: 1}}
    commit_change(todo, seconds_ago=61)
    assert list(lists.changes(thorough=True)) == []
    assert lists._reported == {}
