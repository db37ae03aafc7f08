"""What `GET /metrics` tells of this hub: ingest, alerts, background work, backups, disk, requests.

A number that is not known is left out: Prometheus shows a gap then, and never a zero that is none.
"""

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client import Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.alerts.models import Alert
from hub.alerts.notices.models import Notice, NoticeState
from hub.backup.making import status
from hub.detection.findings import Severity
from hub.kit.clock import utc_now
from hub.kit.jobs.models import ENDED, Job
from hub.web.services import Services

log = logging.getLogger(__name__)

PREFIX = "storevitals"
LEVELS = ("_rows", "_waiting", "_seconds", "_bytes", "connected")
"""How the names of ingest's numbers end that go up and down; all others only ever rise."""
REQUEST_S = Histogram(
    f"{PREFIX}_request_seconds",
    "From the request to the end of its answer",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
API = "/api/v1"
ENDLESS = "/events"  # streams: how long a page stays open is no response time

Sample = tuple[Sequence[str], float]


class IngestNumbers(Collector):
    """What ingest counts, by its own names."""

    def __init__(self, numbers: Callable[[], Mapping[str, float]]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[Metric]:
        for name, value in self._numbers().items():
            kind = GaugeMetricFamily if name.endswith(LEVELS) else CounterMetricFamily
            yield kind(f"{PREFIX}_{name}", name.replace("_", " "), value=value)


class Measures(Collector):
    """Asked anew at each scrape."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        yield from IngestNumbers(self._services.numbers).collect()
        for name, says, labels, read in (
            ("alerts_open", "Open alerts of all chains", ("severity",), self._alerts),
            ("notices", "Notices by state", ("state",), self._notices),
            ("jobs_waiting", "Background jobs that have not ended", (), self._jobs),
            ("backup_age_seconds", "Since the last good backup", ("target",), self._backups),
            ("disk_free_ratio", "Free share of the data directory's disk", (), self._disk),
        ):
            family = GaugeMetricFamily(f"{PREFIX}_{name}", says, labels=labels)
            for values, value in _or_nothing(name, read):
                family.add_metric(values, value)
            yield family

    def _alerts(self) -> Iterator[Sample]:
        found = select(Alert.severity, func.count()).group_by(Alert.severity)
        with self._services.db.system_read("metrics") as connection:
            rows = connection.execute(found.where(Alert.closed_at.is_(None))).all()
        counts = {Severity(severity): number for severity, number in rows}
        for severity in Severity:
            yield (severity.name.lower(),), counts.get(severity, 0)

    def _notices(self) -> Iterator[Sample]:
        with self._services.db.system_read("metrics") as connection:
            rows = connection.execute(select(Notice.state, func.count()).group_by(Notice.state))
            counts: dict[str, int] = dict(rows.all())
        yield from (((state,), counts.get(state, 0)) for state in NoticeState)

    def _jobs(self) -> Iterator[Sample]:
        found = select(func.count()).select_from(Job).where(Job.state.not_in(ENDED))
        with self._services.db.system_read("metrics") as connection:
            yield (), connection.scalar(found) or 0

    def _backups(self) -> Iterator[Sample]:
        for target, last in status(self._services.settings.data_dir).items():
            if last.get("at"):
                age = utc_now() - datetime.fromisoformat(str(last["at"]))
                yield (target,), age.total_seconds()

    def _disk(self) -> Iterator[Sample]:
        usage = shutil.disk_usage(self._services.settings.data_dir)
        yield (), usage.free / usage.total


def _or_nothing(name: str, read: Callable[[], Iterator[Sample]]) -> list[Sample]:
    """A part that cannot be asked is missing; the others are told all the same."""
    try:
        return list(read())
    except Exception:
        log.warning("The metric %s could not be read", name, exc_info=True)
        return []


class Metering:
    """ASGI middleware: the time of each request by its route, never by its address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, code = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            if scope["path"].startswith(f"{API}/") and not route.startswith(API):
                route = API + route  # a router knows its routes without their prefix
            if not route.endswith(ENDLESS):
                took_s = time.perf_counter() - began
                REQUEST_S.labels(scope["method"], route, str(code)).observe(took_s)
