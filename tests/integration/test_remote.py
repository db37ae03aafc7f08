"""A configuration from the hub, from the order to the proof or the way back: real launcher, agent,
broker, journal and consumer (EDG-14, R38, R39)."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.ingest.journal import Journal
from hub.ingest.order_keeper import OrderKeeper
from hub.ingest.order_tables import AgentDocumentRow, OrderRow
from hub.ingest.orders import Orders, Wish
from hub.ingest.registry import Registry
from hub.ingest.service import Ingest
from hub.kit.asker import Asker
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.live import Live
from hub.security.pki import Authority
from protocols.mqtt.options import MqttOptions
from protocols.orders import DESCRIPTION, Verb
from tests.integration.conftest import Mosquitto
from tests.servers import GROUP, ROOT, StoreShape, TestStore, street, wait_for

pytestmark = pytest.mark.integration
ASKER = Asker.hub("test")
PATIENCE_S = 60.0


class Launched:
    """What systemd does: the launcher is started anew whenever the agent ends."""

    def __init__(self, config: Path) -> None:
        self.starts = 0
        self._words = [sys.executable, "-m", "agent.launch", "--config", str(config)]
        self._log = (config.parent / "agent.log").open("ab")
        self._is_over = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._is_over.is_set():
            self.starts += 1
            self._process = subprocess.Popen(
                self._words, cwd=ROOT, stdout=self._log, stderr=self._log
            )
            self._process.wait()

    @contextmanager
    def running(self) -> Iterator["Launched"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._is_over.set()
            if self._process is not None:
                self._process.terminate()
            self._thread.join(20)
            self._log.close()


class Hub:
    """Ingest with the consumer of orders, in a thread of its own."""

    def __init__(self, folder: Path, url: str, node: str) -> None:
        self.db = Database(f"sqlite:///{folder / 'hub.sqlite'}")
        self.db.create_all()
        self.authority = Authority.open(folder / "pki")
        registry = Registry(self.db)
        self.agent = registry.approve(GROUP, node, chain_id=uuid7(), store_id=uuid7())
        self.orders = Orders(self.db, self.authority, folder / "bundles")
        keeper = OrderKeeper(self.db, registry, self.orders)
        self._ingest = Ingest(
            MqttOptions(url, "hub"),
            Journal(folder / "journal.sqlite"),
            self.db,
            registry,
            consumers=(keeper,),
            live=Live(),
        )
        keeper.send = self._ingest.send
        self._loop = asyncio.new_event_loop()

    @contextmanager
    def running(self) -> Iterator["Hub"]:
        task = self._loop.create_task(self._ingest.run())
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(task.cancel)
            self._loop.call_soon_threadsafe(self._loop.call_later, 3, self._loop.stop)
            thread.join(10)
            self._loop.close()
            self.db.close()

    def configuration(self) -> str:
        """As the agent told it last; empty before."""
        table = AgentDocumentRow
        query = select(table.text).where(table.kind == DESCRIPTION).order_by(table.at.desc())
        with self.db.system_read("test") as connection:
            return str(connection.scalar(query.limit(1)) or "")

    def order(self, text: str) -> OrderRow:
        """Give it, and wait for its end."""
        own = self.orders.issue(self.agent, Wish(Verb.CONFIGURE, {"text": text}), ASKER)

        def state() -> str:
            with self.db.system_read("test") as connection:
                return str(connection.scalar(select(OrderRow.state).where(OrderRow.id == own)))

        def is_over() -> bool:
            return state() in ("done", "refused", "failed", "returned")

        wait_for(is_over, PATIENCE_S, f"the order was {state()}, not ended")
        with self.db.system_read("test") as connection:
            its = select(OrderRow.__table__).where(OrderRow.id == own)
            return connection.execute(its).one()  # type: ignore[return-value]  # same columns


def _prepare(store: TestStore, hub: Hub, url: str) -> Path:
    identity = store.folder / "identity"
    identity.mkdir()
    (identity / "ca.crt").write_text(hub.authority.root_pem)
    config = store.folder / "agent.toml"
    config.write_text(f"{store.config(url)}\n[remote]\ntrial_s = 6\n", "utf-8")
    return config


def test_a_configuration_proves_itself_or_goes_back(mosquitto: Mosquitto, tmp_path: Path) -> None:
    shape = StoreShape(units=2, metrics=3, interval_s=0.3, flush_s=0.2)
    with street(tmp_path / "stores", [shape], seed=1) as (store,):
        hub = Hub(tmp_path, mosquitto.url, store.node)
        config = _prepare(store, hub, mosquitto.url)
        text = config.read_text("utf-8")
        with hub.running(), Launched(config).running() as launched:
            wait_for(lambda: "unit-2" in hub.configuration(), PATIENCE_S, "no description came")

            better = text.replace("interval_s = 0.3", "interval_s = 0.4")
            assert hub.order(better).state == "done"
            assert "interval_s = 0.4" in hub.configuration()
            assert launched.starts == 2

            dead = better.replace("unit = 2\n", "unit = 99\n")
            back = hub.order(dead)
            assert (back.state, "unit-2" in back.told_en) == ("returned", True)
            assert launched.starts == 4
            wait_for(lambda: "unit = 2" in hub.configuration(), PATIENCE_S, "the old one not back")
            assert "interval_s = 0.4" in hub.configuration(), "the last one that was good"

            refused = hub.order(text.replace('profile = "unit.toml"', 'profile = "nothing"'))
            assert refused.state == "refused"
            assert launched.starts == 4
