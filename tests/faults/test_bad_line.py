"""R16: a store behind 256 kbit/s with 800 ms delay, with and without loss.

The agent says more than the line carries. A bounded part without loss runs with the tests; `make
faults` goes on for ten minutes at each loss (FAULTS_MINUTES).
"""

import os
import sqlite3
import sys
import time
import zlib
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from agent.outbox_report import inspect
from tests.faults.relay import Link, Relay, relay
from tests.faults.scene import scene
from tests.servers import HOST, Broker, StoreShape

IS_LONG = bool(os.environ.get("FAULTS_MINUTES"))
LENGTH_S = 600.0 if IS_LONG else 15.0
WARM_S = 8.0
BYTES_PER_S = 256_000 / 8
SHAPE = StoreShape(units=20, metrics=50, interval_s=0.5, flush_s=1.0)  # 2,000 values/s, 45 kB/s
LOSSES = (0.01, 0.05, 0.3) if IS_LONG else ()
LEAST_GOODPUT = 0.6


def delivered_bytes(outbox: Path) -> int:
    """Payload of the batches that the hub has acknowledged, each counted once."""
    with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)) as db:
        rows = [
            row
            for epoch in inspect(outbox).epochs
            for row in db.execute(
                "SELECT payload FROM batch WHERE key BETWEEN ? AND ?",
                (epoch.key(1), epoch.key(epoch.acked)),
            )
        ]
    return sum(len(zlib.decompress(payload)) for (payload,) in rows)


@pytest.mark.faults
@pytest.mark.timeout(0)
@pytest.mark.parametrize("loss", [0.0, *LOSSES])
def test_a_bad_line_is_used_and_loses_nothing(tmp_path: Path, loss: float) -> None:
    """R16, EDG-12: where nothing is lost, three fifths of the line carry readings, none twice."""
    with ExitStack() as ends:
        wires: list[Relay] = []

        def route(broker: Broker) -> tuple[str, str]:
            wires.append(ends.enter_context(relay(broker.port, Link(BYTES_PER_S, 0.8, loss))))
            return f"mqtt://{HOST}:{wires[0].port}", broker.url

        chain = ends.enter_context(scene(tmp_path / "chain", [SHAPE], 1, "duckdb:", route))
        chain.start()
        (agent,) = chain.agents
        time.sleep(WARM_S)
        before, begun_s = delivered_bytes(agent.outbox), time.monotonic()
        time.sleep(LENGTH_S)
        took_s = time.monotonic() - begun_s
        goodput = (delivered_bytes(agent.outbox) - before) / took_s / BYTES_PER_S
        agent.stop()
        wires[0].link = None  # a better line, as the old one would never carry all of it
        verdict = chain.settle()
    sys.stdout.write(f"\nR16 at {100 * loss:g} % loss: {goodput:.0%} used. {verdict.line()}\n")
    assert verdict.faults == []
    assert (verdict.lost, verdict.doubled) == (0, 0)
    assert goodput >= (0.0 if loss else LEAST_GOODPUT)
