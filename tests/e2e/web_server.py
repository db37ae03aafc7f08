"""The hub's web side over a store under test, on a real port, in a thread of its own."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import uvicorn
from sqlalchemy import update

from hub.alerts.announce import announce
from hub.alerts.families import STORM_WINDOW
from hub.alerts.models import Alert
from hub.alerts.raising import Raising
from hub.detection.findings import Change, Evidence, Finding, Rule, Severity
from hub.kit.clock import utc_now
from hub.live import Event, EventKind
from hub.timeseries.port import Points
from hub.web.application import create_app
from tests.hub.web.store_under_test import StoreUnderTest

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Served:
    """A running web side; what happens in the store is told to it as ingest would."""

    url: str
    store: StoreUnderTest

    @property
    def store_url(self) -> str:
        return f"{self.url}/stores/{self.store.store_id}"

    def raise_alert(self, device: str, rule: Rule, severity: Severity = Severity.HIGH) -> UUID:
        """Something new is wrong, and everybody who watches hears of it."""
        services, store_id = self.store.services, self.store.store_id
        at = utc_now() - timedelta(minutes=3)
        ms = int(at.timestamp() * 1000)
        evidence = Evidence(device=device, metric="power_w", value=9100.0, limit=8000.0)
        finding = Finding(Change.RAISED, store_id, device, rule, severity, ms, ms, evidence)
        with services.db.system("test") as connection:
            before = utc_now() - STORM_WINDOW - timedelta(seconds=1)  # so that tests are no storm
            young = update(Alert).where(Alert.raised_at > before)
            connection.execute(young.values(raised_at=before))
            told = Raising(connection, {store_id: self.store.chain_id}).post([finding], utc_now())
        announce(services.live, told)
        return told[0].alert_id

    def read(self, device: str, metric: str, value: float) -> None:
        """A reading that has just arrived."""
        services, store_id = self.store.services, self.store.store_id
        (series,) = services.registry.find(store_id, device, metric)
        now_ms = int(utc_now().timestamp() * 1000)
        services.last.apply(Points.of([series.id], [now_ms], [value]))
        services.live.publish(Event(EventKind.READING, store_id, {"series": (series.id,)}))


@contextmanager
def serve(store: StoreUnderTest) -> Iterator[Served]:
    config = uvicorn.Config(
        create_app(store.services),
        port=0,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="web")
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{_port(server)}", store)
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


def _port(server: uvicorn.Server) -> int:
    deadline = time.monotonic() + PATIENCE_S
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("The web side did not start within 10 s.")
        time.sleep(0.02)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port
