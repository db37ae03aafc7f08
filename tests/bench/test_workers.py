"""Ingest workers on PostgreSQL and VictoriaMetrics: what a reading costs with one and with two."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.demo.seed import demo_stores, new_login, seed_chain
from hub.kit.db import Database
from hub.kit.migrate import upgrade
from tests.bench.ingest_load import GROUP, NODES
from tests.bench.results import Result, broken, report
from tests.faults.workers import WorkerProcess
from tests.hub.timeseries.engine_servers import running_victoria
from tests.integration.conftest import Mosquitto
from tests.postgresql import running_postgresql
from tests.servers import ROOT, wait_for

TITLE = "Ingest workers on PostgreSQL and VictoriaMetrics, 100 metrics a message"
READINGS = int(os.environ.get("BENCH_WORKER_READINGS", "2000000"))
START_S = 120.0
ENOUGH_CORES = 6  # for load, broker, both servers and two workers


@dataclass(frozen=True)
class Outcome:
    readings_per_s: float
    cpu_us: float  # of all workers together, for one reading


def measure(folder: Path, workers: int) -> Outcome:
    folder.mkdir()
    broker = Mosquitto(folder)
    with running_postgresql(is_durable=True) as url, running_victoria(folder / "vm") as engine:
        db = Database(url)
        upgrade(db)
        seed_chain(db, GROUP, demo_stores(NODES), new_login())
        broker.start()
        own = {
            "HUB_DATABASE_URL": url,
            "HUB_TIMESERIES_URL": engine.url(),
            "HUB_MQTT_URL": broker.url,
            "HUB_SHARDS": "8",
        }
        team = [WorkerProcess(f"worker-{n}", folder, own) for n in range(workers)]
        try:
            for worker in team:
                worker.start()
            wait_for(lambda: _is_shared(db, team), START_S, "the workers share the shards")
            return _run(broker.port, team)
        finally:
            for worker in team:
                worker.stop()
            broker.kill()
            db.close()


def _is_shared(db: Database, team: list[WorkerProcess]) -> bool:
    held = [worker.numbers().get("shards_held_rows", 0) for worker in team]
    up = [worker.numbers().get("connected", 0) for worker in team]
    with db.system_read("bench") as connection:
        shards = connection.scalar(text("SELECT count(*) FROM shard_lease"))
    return sum(held) == shards and min(held) == max(held) and all(up)


def _run(port: int, team: list[WorkerProcess]) -> Outcome:
    before = sum(worker.cpu_s() for worker in team)
    load = subprocess.run(
        [sys.executable, "-m", "tests.bench.ingest_load", str(port), "100", str(READINGS)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    began = json.loads(load.stdout)["began_s"]
    wait_for(lambda: not any(worker.lag() for worker in team), 120, "the consumers lag")
    took = time.monotonic() - began
    cpu_s = sum(worker.cpu_s() for worker in team) - before
    return Outcome(READINGS / took, cpu_s / READINGS * 1e6)


@pytest.mark.bench
def test_a_second_worker_makes_no_reading_dearer(tmp_path: Path) -> None:
    one, two = measure(tmp_path / "one", 1), measure(tmp_path / "two", 2)
    has_cores = (os.cpu_count() or 1) >= ENOUGH_CORES
    ratio = two.readings_per_s / one.readings_per_s
    results = [
        Result("one worker", one.readings_per_s, "1/s"),
        Result("two workers", two.readings_per_s, "1/s"),
        Result("  ratio", ratio, "", 1.6 if has_cores else None, is_minimum=True),
        Result("CPU of one worker", one.cpu_us, "µs/reading"),
        Result("CPU of two workers", two.cpu_us, "µs/reading"),
        Result("  ratio", two.cpu_us / one.cpu_us, "", 1.1),
    ]
    report(TITLE, results)
    assert broken(results) == []
