"""The thread of the hub: failed queries, and its end."""

from types import SimpleNamespace
from unittest.mock import Mock

from django.db import OperationalError

from progress.live import hub as module
from progress.live.hub import AWAY_SECONDS, TICK_SECONDS, Hub


def test_hub_queries_again_after_an_error_and_ends_without_watchers(monkeypatch, caplog):
    hub, pauses = Hub(), []
    hub._watchers.add(Mock())
    ticks = iter([OperationalError("unreachable"), None, None])

    def tick():
        if error := next(ticks):
            raise error
        if len(pauses) == 2:
            hub._watchers.clear()

    monkeypatch.setattr(hub, "tick", tick)
    monkeypatch.setattr(module, "connection", Mock())
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: sum(pauses), sleep=pauses.append))
    hub._thread = Mock()
    hub._run()
    assert pauses[0] == TICK_SECONDS + AWAY_SECONDS
    assert len(pauses) == 3
    assert max(pauses[1:]) < AWAY_SECONDS
    assert [record.exc_info[0] for record in caplog.records] == [OperationalError]
    assert hub._thread is None
    assert module.connection.close.call_count == 2  # after the error, and at the end


def test_stop_wakes_watchers():
    hub, watcher = Hub(), Mock()
    hub._watchers.add(watcher)
    hub.stop()
    assert hub.stopping
    watcher.wake.assert_called_once_with()
