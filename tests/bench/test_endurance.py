"""Memory of the agent's way from reading to acknowledgement over millions of readings (R9, EDG-12).

In one process and without a socket: the real outbox on disk, the real session, a hub that answers.
"""

import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from agent.clock import SystemClock
from agent.outbox import Outbox
from agent.outbox_batch import Batching
from agent.uplink_session import UplinkRules, UplinkSession
from protocols.mqtt.client import Message
from protocols.reading import Reading
from protocols.sparkplug import codec, journal
from protocols.sparkplug.topics import EdgeNode
from tests.bench.results import Result, broken, report

IS_FULL = not os.environ.get("BENCH_SMALL")
READINGS = 10_000_000 if IS_FULL else 500_000
RATE = 30_000 if IS_FULL else 15_000  # readings a second
DEVICES, METRICS = 20, ("power_w", "energy_kwh", "voltage_l1_v", "current_l1_a", "frequency_hz")
WARM = 0.2  # of the readings: caches and the file have their size then
MOST_GROWTH_MB = 5.0


def _acknowledge(session: UplinkSession, messages: Iterable[Message]) -> None:
    found = [journal.decode_body(codec.parse(message.payload)) for message in messages]
    if acks := [batch for batch in found if batch is not None]:
        session.command(journal.ack_command(acks[-1:], time_ms=0))


def _memory_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


@pytest.mark.bench
def test_memory_stays_flat_over_ten_million_readings(tmp_path: Path) -> None:
    clock, put, warm_mb = SystemClock(), 0, 0.0
    with Outbox(tmp_path / "outbox.sqlite", max_mb=20, batching=Batching()) as outbox:
        node = EdgeNode("chain-0", "store-1")
        session = UplinkSession(node, outbox, clock, UplinkRules(drain_per_s=0))
        session.will()
        session.connected()
        begun = time.monotonic()
        while put < READINGS:
            now = datetime.now(UTC)
            for device in range(DEVICES):
                name = f"meter-{device}"
                outbox.append([Reading(name, m, float(put % 1000), now) for m in METRICS])
            put += DEVICES * len(METRICS)
            _acknowledge(session, list(session.due()))
            time.sleep(max(0.0, begun + put / RATE - time.monotonic()))
            if not warm_mb and put >= READINGS * WARM:
                warm_mb = _memory_mb()
        took_s = time.monotonic() - begun
        growth_mb, lost = _memory_mb() - warm_mb, outbox.lost_readings
        dropped, size_mb = outbox.dropped_batches, outbox.bytes / 1e6
    results = [
        Result(f"memory grown over {READINGS:,} readings", growth_mb, "MB", MOST_GROWTH_MB),
        Result("  readings kept, sent and acknowledged", put / took_s, "1/s", 0.95 * RATE, True),
        Result("  lost or dropped", lost + dropped, "", 0),
        Result("  outbox on disk", size_mb, "MB", 20),
    ]
    report("Endurance of the agent", results)
    assert broken(results) == []
