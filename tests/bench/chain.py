"""A hub with the load of 100 stores beside one store with a real agent, for the benchmarks."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import (
    GROUP,
    AgentProcess,
    Broker,
    HubProcess,
    Program,
    StoreShape,
    TestStore,
    street,
    wait_for,
)

STORES = 100


@dataclass(frozen=True)
class Chain:
    """All of it runs; `store` is the first one, the others only send."""

    hub: HubProcess
    agent: AgentProcess
    store: TestStore


@contextmanager
def chain(
    folder: Path, shape: StoreShape, *, stores: int = STORES, hub: Sequence[str] | None = None
) -> Iterator[Chain]:
    """`hub` is another command than `storevitals-hub serve`."""
    with street(folder, [shape], seed=1) as (store,), ExitStack() as ends:
        broker = ends.enter_context(Broker(folder))
        centre = HubProcess(folder, broker.url, 1 + stores, hub)
        ends.enter_context(centre)
        centre.wait_until_ready()
        if stores:
            words = (str(broker.port), GROUP, "2", str(stores))
            command = [sys.executable, "-m", "tests.bench.stores_load", *words]
            load = ends.enter_context(Program("load", command, folder))
            wait_for(lambda: "flows" in load.last_words(), 60, "the load does not flow")
        agent = AgentProcess(store.folder, store.node, store.config(broker.url))
        ends.enter_context(agent)
        yield Chain(centre, agent, store)
