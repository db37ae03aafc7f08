"""The whole hub on InfluxDB and on VictoriaMetrics, both killed under load (TSD-10, R2, R17)."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.scene import Scene, scene
from tests.hub.timeseries.engine_servers import running_influx, running_victoria
from tests.servers import Program, StoreShape

SHAPE = StoreShape(units=10, metrics=15, tickets_per_s=2.0)
PAUSE_S = 3.0
Running = Callable[[Path], AbstractContextManager[Any]]


def influx_url(server: Any) -> str:
    server.create("kept")
    return f"{server.url('kept')}/autogen"


ENGINES: dict[str, tuple[Running, Callable[[Any], str]]] = {
    "influxdb": (running_influx, influx_url),
    "victoriametrics": (running_victoria, lambda server: server.url()),
}


def strike(chain: Scene, engine: Program) -> None:
    """The engine, then the hub, then both at once: each comes back a moment later."""
    for victims in ((engine,), (chain.hub,), (engine, chain.hub)):
        time.sleep(PAUSE_S)
        for victim in victims:
            victim.kill()
        time.sleep(1.1)  # a start of VictoriaMetrics is told in whole seconds
        for victim in victims:
            victim.start()


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", ENGINES)
def test_a_remote_engine_holds_every_reading_once(name: str, tmp_path: Path) -> None:
    running, address = ENGINES[name]
    with (
        running(tmp_path / "engine") as server,
        scene(tmp_path / "chain", [SHAPE] * 2, 17, address(server)) as chain,
    ):
        chain.start()
        strike(chain, server.server)
        chain.hub.wait_until_ready()
        verdict = chain.settle()
    assert verdict.faults == []
    assert (verdict.lost, verdict.doubled) == (0, 0)
    assert verdict.points > 2_000
