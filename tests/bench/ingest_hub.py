"""The hub's process of the ingest benchmark: says every 50 ms on stdout how far it is, as JSON."""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from hub.ingest.block import Consumer
from hub.ingest.checkpoints import Checkpoints
from hub.ingest.events import Events
from hub.ingest.journal import Journal
from hub.ingest.registry import Registry
from hub.ingest.series import LastSeen, SeriesConsumer
from hub.ingest.service import Ingest
from hub.kit.db import Database
from hub.live import Live
from hub.timeseries.engines import open_timeseries
from hub.timeseries.last import LastValues
from protocols.mqtt.options import MqttOptions

TELL_EVERY_S = 0.05


def build(folder: Path, url: str, *, has_consumers: bool) -> Ingest:
    db = Database(f"sqlite:///{folder / 'hub.sqlite'}")
    registry = Registry(db)
    live = Live()
    consumers: list[Consumer] = []
    if has_consumers:
        timeseries = open_timeseries("duckdb:", folder, registry.store_of)
        last = LastValues(timeseries.newest())
        consumers = [
            LastSeen(last, live, registry, timeseries),
            SeriesConsumer(timeseries),
            Events(db, live, Checkpoints(folder / "detection")),
        ]
    options = MqttOptions(url, "storevitals-hub")
    journal = Journal(folder / "journal.sqlite")
    return Ingest(options, journal, db, registry, consumers=consumers, live=live)


async def tell(ingest: Ingest) -> None:
    while True:
        cpu = resource.getrusage(resource.RUSAGE_SELF)
        numbers = ingest.metrics() | {
            "at_s": time.monotonic(),
            "cpu_s": cpu.ru_utime + cpu.ru_stime,
            "rss_mb": _rss_mb(),
        }
        sys.stdout.write(json.dumps(numbers) + "\n")
        sys.stdout.flush()
        await asyncio.sleep(TELL_EVERY_S)


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def main() -> None:
    ingest = build(Path(sys.argv[1]), sys.argv[2], has_consumers=sys.argv[3] == "on")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(ingest.run())
        tasks.create_task(tell(ingest))


if __name__ == "__main__":
    asyncio.run(main())
