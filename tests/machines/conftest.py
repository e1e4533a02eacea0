"""A site on six hosts, set up as deploy/MORE_MACHINES.md says.

    proxy ── web 1, web 2 ── data: PostgreSQL, Redis, Swift ── worker 1, worker 2

The test itself is no host: it looks at the data past the network, and enters a host to call from there.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django_q.conf import Conf

from tests import postgresql, redis, swift
from tests.faults.cluster import Cluster
from tests.faults.conftest import looking_into, migrate
from tests.faults.web import Visitor, Web, make_user
from tests.machines import proxy
from tests.machines.network import Host, network

DATA, PROXY, WEB, WORKERS = 2, 10, (11, 12), (21, 22)
"""What the hosts' addresses end in. Those of the web hosts, and their port, are in the page."""

WEB_PORT = 8000


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("machines")


@pytest.fixture(autouse=True)
def _pulse_without_a_thread():
    """Nothing of the engine is replaced here."""


@dataclass
class Site:
    """`front` is where visitors call, from the host of the proxy."""

    proxy: Host
    front: SimpleNamespace
    web: list[tuple[Host, Web]]
    workers: list[tuple[Host, Cluster]]


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[int, Host]]:
    numbers = (DATA, PROXY, *WEB, *WORKERS)
    with network(*numbers) as made:
        yield dict(zip(numbers, made, strict=True))


@pytest.fixture(scope="module")
def shared_settings(hosts, tmp_path_factory, django_db_blocker) -> Iterator[dict[str, str]]:
    """Those of all hosts, and the data that they name. The test's own ORM and queue are the same."""
    data, directory = hosts[DATA], tmp_path_factory.mktemp("data")
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        with data.entered():
            database = stack.enter_context(postgresql.server(data.address))
            queue = stack.enter_context(redis.server(directory, data.address))
            store = stack.enter_context(swift.server(directory, data.address))
            bucket = stack.enter_context(store.bucket())
        migrate(database.url, directory)
        stack.enter_context(looking_into(database.url))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(Conf, "BROKER_CLASS", "progress.queue.redis.RedisBroker")
        patch.setattr(Conf, "REDIS", queue.url)
        yield {
            "DATABASE_URL": f"postgresql://headway@{data.address}/postgres",
            "QUEUE_URL": f"redis://{data.address}:6379/0",
            "STORAGE_URL": bucket.url,
        }


@pytest.fixture(scope="module")
def site(hosts, shared_settings, tmp_path_factory) -> Iterator[Site]:
    """All of it, running."""
    with ExitStack() as stack:

        def running(start, *numbers):
            return [
                (hosts[n], stack.enter_context(start(hosts[n], tmp_path_factory.mktemp("host"), shared_settings)))
                for n in numbers
            ]

        workers, web = running(working, *WORKERS), running(serving, *WEB)
        with hosts[PROXY].entered():
            front = stack.enter_context(proxy.server(tmp_path_factory.mktemp("proxy")))
        yield Site(hosts[PROXY], front, web, workers)


@pytest.fixture
def alice(site) -> User:
    return make_user()


@pytest.fixture
def visitor(alice) -> Visitor:
    return Visitor(alice)


@contextmanager
def working(host: Host, directory: Path, settings: dict[str, str]) -> Iterator[Cluster]:
    """A worker host."""
    cluster = Cluster(directory, settings["DATABASE_URL"], **settings)
    try:
        with host.entered():
            cluster.start()
        yield cluster
    finally:
        cluster.stop()


@contextmanager
def serving(host: Host, directory: Path, settings: dict[str, str]) -> Iterator[Web]:
    """A web host."""
    web = Web(directory, settings["DATABASE_URL"], **settings)
    web.port = WEB_PORT
    web.environment["GUNICORN_CMD_ARGS"] = f"--bind 0.0.0.0:{WEB_PORT}"
    try:
        with host.entered():
            web.start()
        yield web
    finally:
        web.stop()
