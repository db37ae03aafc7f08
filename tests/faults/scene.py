"""A chain in processes for the fault tests: broker, hub, agents, stores on the wire."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.invariants import check
from tests.faults.verdict import Verdict
from tests.servers import (
    AgentProcess,
    Broker,
    HubProcess,
    Program,
    StoreShape,
    TestStore,
    street,
    wait_for,
)

CAUGHT_UP_S = 120.0
Route = Callable[[Broker], tuple[str, str]]
"""The broker's address as agents reach it, and as the hub does."""


def _straight(broker: Broker) -> tuple[str, str]:
    return broker.url, broker.url


@dataclass
class Scene:
    """`start` begins everything; `settle` waits for quiet, stops all and checks the invariant."""

    folder: Path
    broker: Broker
    hub: HubProcess
    agents: list[AgentProcess]
    stores: list[TestStore]
    timeseries_url: str = "duckdb:"

    @property
    def programs(self) -> list[Program]:
        return [self.broker, self.hub, *self.agents]

    @property
    def outboxes(self) -> dict[str, Path]:
        return {agent.node: agent.outbox for agent in self.agents}

    def start(self) -> None:
        for program in self.programs:
            program.start()
        self.hub.wait_until_ready()

    def is_drained(self, most: int = 4) -> bool:
        """Whether agents and consumers hold no more than what is on its way at any moment."""
        is_sent = all(agent.waiting() <= most for agent in self.agents)
        return is_sent and self.hub.is_caught_up(most * len(self.agents))

    def _drain(self) -> None:
        """However much waits and however slow the machine is: it must become less all the time."""
        least, since = sys.maxsize, time.monotonic()
        while not self.is_drained():
            waiting = {agent.node: agent.waiting() for agent in self.agents}
            if sum(waiting.values()) < least:
                least, since = sum(waiting.values()), time.monotonic()
            assert time.monotonic() - since < CAUGHT_UP_S, (
                f"the agents are not drained: {waiting}; the hub says: {self.hub.last_words()}"
            )
            time.sleep(0.5)

    def settle(self) -> Verdict:
        """The hub goes last, when it has taken in what the agents said at their end."""
        for program in self.programs:
            if not program.is_running:
                program.start()
        self._drain()
        for agent in self.agents:
            agent.stop()
        wait_for(self.hub.is_caught_up, CAUGHT_UP_S, "the hub's consumers lag")
        self.hub.stop()
        self.broker.stop()
        return check(self.hub.data_dir, self.outboxes, self.timeseries_url)


@contextmanager
def scene(
    folder: Path,
    shapes: Sequence[StoreShape],
    seed: int,
    timeseries_url: str = "duckdb:",
    route: Route = _straight,
) -> Iterator[Scene]:
    with street(folder, shapes, seed) as stores, ExitStack() as ends:
        broker = Broker(folder)
        more = {"HUB_TIMESERIES_URL": timeseries_url}
        from_agents, from_hub = route(broker)
        hub = HubProcess(folder, from_hub, len(stores), more=more)
        agents = [AgentProcess(s.folder, s.node, s.config(from_agents)) for s in stores]
        built = Scene(folder, broker, hub, agents, stores, timeseries_url)
        for program in built.programs:
            ends.callback(program.stop)
        yield built
