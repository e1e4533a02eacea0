"""/metrics: metrics in Prometheus' format, for addresses that METRICS_ALLOW lists.

Each web process counts its requests, and the counts of a host are summed in a directory that gunicorn creates. Metrics
of the whole site are queried from the database for each response, so they are the same on all web hosts.
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

# They have no registry: MultiProcessCollector reads the values of all processes from the directory.
requests = Counter("headway_requests", "Finished requests.", ["method", "view", "status"], registry=None)
request_seconds = Histogram(
    "headway_request_seconds",
    "Duration of requests until the last byte of the response. Streams and long polls take long by design.",
    ["method", "view"],
    buckets=BUCKETS,
    registry=None,
)
received_bytes = Counter("headway_received_bytes", "Bytes of request bodies that were read.", registry=None)
sent_bytes = Counter("headway_sent_bytes", "Bytes of response bodies that were sent.", registry=None)
open_streams = Gauge("headway_open_streams", "Open event streams.", multiprocess_mode="livesum", registry=None)


def count(method: str, view: str, status: int, seconds: float, *, sent: int, received: int) -> None:
    """Count a finished request. Unknown methods share one label, so that clients can't create time series."""
    method = method if method in METHODS else "other"
    requests.labels(method, view, status).inc()
    request_seconds.labels(method, view).observe(seconds)
    received_bytes.inc(received)
    sent_bytes.inc(sent)


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics, or 404 if an address of the client isn't allowed."""
    if not all(map(_is_allowed, _addresses(request))):
        raise Http404
    registry = CollectorRegistry()
    with suppress(ValueError):  # without gunicorn there is no directory
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(DatabaseCollector())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type)


class DatabaseCollector(Collector):
    """Metrics of the whole site, from the database. If it can't be queried, only `headway_database_up` remains."""

    def collect(self) -> Iterable[Metric]:
        try:
            found = list(_site_metrics())
        except (DatabaseError, InterfaceError) as error:
            logger.error("querying metrics failed: %s", error)
            found = []
        yield _gauge("headway_database_up", "1 if the database could be queried, else 0.", 1 if found else 0)
        yield from found


def _site_metrics() -> Iterator[Metric]:
    jobs = GaugeMetricFamily("headway_jobs", "Jobs in the database, by state.", labels=["state"])
    for state, number in statistics.count_by_state().items():
        jobs.add_metric([state], number)
    yield jobs
    wait = statistics.oldest_queued_age().total_seconds()
    yield _gauge("headway_longest_wait_seconds", "Time for which the oldest queued job has waited.", wait)
    workers = statistics.worker_health()
    yield _gauge("headway_workers", "Clusters that have sent a heartbeat recently.", workers.alive)
    if workers.last_heartbeat_age is not None:
        beat = max(0.0, workers.last_heartbeat_age.total_seconds())
        yield _gauge("headway_last_beat_seconds", "Time since the last heartbeat of a worker.", beat)
    yield _gauge("headway_stored_bytes", "Bytes of stored files.", Upload.objects.all().total_bytes())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _addresses(request: HttpRequest) -> list[str]:
    """Return all addresses of X-Forwarded-For and that of the peer, unless it is connected by a Unix socket.

    Forging the header can only add addresses, since the proxy appends the client's.
    """
    forwarded = request.headers.get("X-Forwarded-For", "")
    addresses = [address.strip() for address in forwarded.split(",") if forwarded]
    peer = request.META.get("REMOTE_ADDR", "")
    return [*addresses, peer] if peer or not addresses else addresses


def _is_allowed(address: str) -> bool:
    """Return whether METRICS_ALLOW lists the address. Invalid addresses are not allowed."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    if isinstance(known, IPv6Address) and known.ipv4_mapped:
        known = known.ipv4_mapped
    return any(known in network for network in settings.METRICS_ALLOW)
