"""A site on six hosts, set up as deploy/MORE_MACHINES.md describes.

    proxy ── web 1, web 2 ── data: PostgreSQL, Redis, Swift ── worker 1, worker 2

The test runs outside this network. It accesses the data by Unix sockets, and enters a host to send requests from it.
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
from tests.faults.conftest import migrate, using_database
from tests.faults.web import Visitor, Web, make_user
from tests.machines import proxy
from tests.machines.network import Host, network

DATA, PROXY, WEB, WORKERS = 2, 10, (11, 12), (21, 22)
"""Last parts of the hosts' addresses. MORE_MACHINES.md contains the web hosts' addresses and port."""

WEB_PORT = 8000


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("machines")


@pytest.fixture(autouse=True)
def _heartbeat_without_thread():
    """Override the fixture of the unit tests: these processes run their own heartbeats."""


@dataclass
class Site:
    """The hosts with their servers. `front` has the port of nginx on the host `proxy`."""

    proxy: Host
    front: SimpleNamespace
    web: list[tuple[Host, Web]]
    workers: list[tuple[Host, Cluster]]


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[int, Host]]:
    numbers = (DATA, PROXY, *WEB, *WORKERS)
    with network(*numbers) as created:
        yield dict(zip(numbers, created, strict=True))


@pytest.fixture(scope="module")
def shared_settings(hosts, tmp_path_factory, django_db_blocker) -> Iterator[dict[str, str]]:
    """Start the data servers. Yield the settings that all hosts share. The test's own ORM and queue use them too."""
    data, directory = hosts[DATA], tmp_path_factory.mktemp("data")
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        with data.entered():
            database = stack.enter_context(postgresql.server(data.address))
            queue = stack.enter_context(redis.server(directory, data.address))
            store = stack.enter_context(swift.server(directory, data.address))
            bucket = stack.enter_context(store.bucket())
        migrate(database.url, directory)
        stack.enter_context(using_database(database.url))
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
    """Start all workers, web servers and the proxy."""
    with ExitStack() as stack:

        def start_on(start, *numbers):
            return [
                (hosts[n], stack.enter_context(start(hosts[n], tmp_path_factory.mktemp("host"), shared_settings)))
                for n in numbers
            ]

        workers, web = start_on(running_worker, *WORKERS), start_on(running_web_server, *WEB)
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
def running_worker(host: Host, directory: Path, settings: dict[str, str]) -> Iterator[Cluster]:
    """Run a cluster on the host."""
    cluster = Cluster(directory, settings["DATABASE_URL"], **settings)
    try:
        with host.entered():
            cluster.start()
        yield cluster
    finally:
        cluster.stop()


@contextmanager
def running_web_server(host: Host, directory: Path, settings: dict[str, str]) -> Iterator[Web]:
    """Run gunicorn on the host."""
    web = Web(directory, settings["DATABASE_URL"], **settings)
    web.port = WEB_PORT
    web.environment["GUNICORN_CMD_ARGS"] = f"--bind 0.0.0.0:{WEB_PORT}"
    try:
        with host.entered():
            web.start()
        yield web
    finally:
        web.stop()
