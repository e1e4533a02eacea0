"""/metrics: how the site does, in figures, for Prometheus or another monitor. Nobody else gets to see them.

What happens in the web processes each of them counts; gunicorn gives them a directory in which that adds up. What is
true of the whole site is asked of the database when somebody looks, so that of several web hosts each says the same.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from progress import statistics
from uploads.models import Upload

logger = logging.getLogger(__name__)

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)
"""Seconds."""

# They belong to no registry: all that the processes count is found in the directory.
requests = Counter("headway_requests", "Requests that are over.", ["method", "view", "status"], registry=None)
request_seconds = Histogram(
    "headway_request_seconds",
    "How long requests took, to the last byte of the answer; streams and long polls are meant to take long.",
    ["method", "view"],
    buckets=BUCKETS,
    registry=None,
)
received_bytes = Counter("headway_received_bytes", "Bytes of request bodies that were read.", registry=None)
sent_bytes = Counter("headway_sent_bytes", "Bytes of answers that were sent, without headers.", registry=None)
open_streams = Gauge("headway_open_streams", "Event streams that are open.", multiprocess_mode="livesum", registry=None)


def count(method: str, view: str, status: int, seconds: float, *, sent: int, received: int) -> None:
    """One request is over. What outsiders may invent names no series of its own."""
    method = method if method in METHODS else "other"
    requests.labels(method, view, status).inc()
    request_seconds.labels(method, view).observe(seconds)
    received_bytes.inc(received)
    sent_bytes.inc(sent)


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """404 to whoever may not see them."""
    if not all(map(_is_allowed, _addresses(request))):
        raise Http404
    registry = CollectorRegistry()
    with suppress(ValueError):  # without gunicorn there is no such directory, and nobody counts
        MultiProcessCollector(registry)
    registry.register(Site())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type)


class Site(Collector):
    """What the database knows. That it can't be asked is a figure too."""

    def collect(self) -> Iterable[Metric]:
        try:
            found = list(_of_the_site())
        except (DatabaseError, InterfaceError) as error:
            logger.error("the database can't be asked for figures: %s", error)
            found = []
        yield _gauge("headway_database_up", "1 if the database could be asked.", 1 if found else 0)
        yield from found


def _of_the_site() -> Iterator[Metric]:
    jobs = GaugeMetricFamily("headway_jobs", "Jobs that are kept, by state.", labels=["state"])
    for state, number in statistics.jobs_by_state().items():
        jobs.add_metric([state], number)
    yield jobs
    wait = statistics.longest_wait().total_seconds()
    yield _gauge("headway_longest_wait_seconds", "How long the oldest waiting job has waited.", wait)
    workers = statistics.workers()
    yield _gauge("headway_workers", "Worker clusters that have reported of late.", workers.alive)
    if workers.last_beat is not None:
        beat = max(0.0, workers.last_beat.total_seconds())
        yield _gauge("headway_last_beat_seconds", "How long ago a worker last reported.", beat)
    yield _gauge("headway_stored_bytes", "Bytes of the files that are kept.", Upload.objects.all().bytes_kept())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _addresses(request: HttpRequest) -> list[str]:
    """All that the request has come through: who connected to us, unless by a socket, and who that says it was.

    Whoever forges the header can only add addresses to it: the proxy adds the true one.
    """
    forwarded = request.headers.get("X-Forwarded-For", "")
    addresses = [address.strip() for address in forwarded.split(",") if forwarded]
    peer = request.META.get("REMOTE_ADDR", "")
    return [*addresses, peer] if peer or not addresses else addresses


def _is_allowed(address: str) -> bool:
    """What is no address is not."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    if isinstance(known, IPv6Address) and known.ipv4_mapped:
        known = known.ipv4_mapped
    return any(known in network for network in settings.METRICS_ALLOW)
