"""A hub of several processes for the fault tests, on PostgreSQL and VictoriaMetrics."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from hub.demo.processes import program
from hub.kit.db import Database
from tests.faults.scene import CAUGHT_UP_S, Scene
from tests.faults.shard_invariants import check_shards
from tests.faults.verdict import Verdict
from tests.hub.timeseries.engine_servers import running_victoria
from tests.postgresql import running_postgresql
from tests.servers import (
    HOST,
    AgentProcess,
    Broker,
    HubProcess,
    Program,
    StoreShape,
    free_port,
    street,
    wait_for,
)

_NUMBER = re.compile(r"^storevitals_(\w+?)(?:_total)? (\S+)$", re.MULTILINE)


class WorkerProcess(Program):
    """`serve --role ingest`."""

    def __init__(self, name: str, folder: Path, own: dict[str, str]) -> None:
        self.port = free_port()
        more = {"HUB_DATA_DIR": str(folder / name), "HUB_HOST": HOST, "HUB_PORT": str(self.port)}
        command = [*program("storevitals-hub"), "serve", "--role", "ingest"]
        super().__init__(name, command, folder, own | more)

    def numbers(self) -> dict[str, float]:
        """Empty while it does not answer."""
        try:
            with urllib.request.urlopen(
                f"http://{HOST}:{self.port}/api/v1/metrics", timeout=5
            ) as reply:
                said = reply.read().decode()
        except (urllib.error.URLError, OSError):
            return {}
        return {name: float(value) for name, value in _NUMBER.findall(said)}

    def lag(self) -> float:
        found = [value for name, value in self.numbers().items() if name.startswith("lag_")]
        return sum(found) if found else 1e9


@dataclass
class Team:
    """`chain` is the scene with the web process as its hub; `workers` do the work."""

    chain: Scene
    workers: list[WorkerProcess]
    database_url: str
    db: Database = field(init=False)

    def __post_init__(self) -> None:
        self.db = Database(self.database_url)

    def start(self, workers: int) -> None:
        self.chain.broker.start()
        for worker in self.workers[:workers]:
            worker.start()
        self.chain.hub.start()
        self.chain.hub.wait_until_ready()
        for agent in self.chain.agents:
            agent.start()

    def held(self) -> dict[str, int]:
        """By the beginning of an owner's name, how many shards are held now."""
        with self.db.system_read("test") as connection:
            rows = connection.execute(
                text("SELECT owner, count(*) FROM shard_lease WHERE until > now() GROUP BY owner")
            )
            return {owner: number for owner, number in rows if owner}

    def wait_until_shared(self, workers: int, limit_s: float = 30.0) -> float:
        """Seconds until so many workers have all shards between them, and each a fair share."""

        def is_shared() -> bool:
            sizes = list(self.held().values())
            is_even = bool(sizes) and max(sizes) - min(sizes) <= 1
            return len(sizes) == workers and is_even and sum(sizes) == self.shards()

        return wait_for(is_shared, limit_s, f"the shards were not shared by {workers} workers")

    def shards(self) -> int:
        with self.db.system_read("test") as connection:
            return connection.scalar(text("SELECT count(*) FROM shard_lease")) or 0

    def settle(self, timeseries_url: str) -> Verdict:
        """Agents drained, consumers caught up, all stopped, the invariant checked."""
        running = [worker for worker in self.workers if worker.is_running]
        agents = self.chain.agents

        def is_quiet() -> bool:
            is_sent = all(agent.waiting() <= 4 for agent in agents)
            return is_sent and all(worker.lag() <= 4 * len(agents) for worker in running)

        wait_for(is_quiet, CAUGHT_UP_S, "the agents are not drained")
        for agent in agents:
            agent.stop()
        wait_for(lambda: not any(w.lag() for w in running), CAUGHT_UP_S, "the consumers lag")
        for process in (*running, self.chain.hub, self.chain.broker):
            process.stop()
        return check_shards(
            self.database_url, self.chain.outboxes, timeseries_url, self.chain.folder / "check"
        )


@contextmanager
def team(folder: Path, shapes: Sequence[StoreShape], workers: int, **own: str) -> Iterator[Team]:
    """Nothing runs yet but the servers. `own` are further settings of all hub processes."""
    with (
        running_postgresql(is_durable=True) as url,
        running_victoria(folder / "engine") as engine,
        street(folder / "chain", shapes, 17) as stores,
        ExitStack() as ends,
    ):
        broker = Broker(folder)
        settings = {
            "HUB_DATABASE_URL": url,
            "HUB_TIMESERIES_URL": engine.url(),
            "HUB_MQTT_URL": broker.url,
            **own,
        }
        web = HubProcess(folder, broker.url, len(stores), more=settings | {"HUB_ROLE": "web"})
        agents = [AgentProcess(s.folder, s.node, s.config(broker.url)) for s in stores]
        chain = Scene(folder, broker, web, agents, stores, engine.url())
        hands = [WorkerProcess(f"worker-{n + 1}", folder, settings) for n in range(workers)]
        for program_ in (*chain.programs, *hands):
            ends.callback(program_.stop)
        built = Team(chain, hands, url)
        ends.callback(built.db.close)
        yield built
