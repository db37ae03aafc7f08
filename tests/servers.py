"""Real processes and devices for tests of the whole: broker, hub, agents, and stores on the wire.

Everything listens on free local ports, logs into the test's folder, and ends with the test. A
process is only ever signalled by the handle of who started it.
"""

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import pytest

from agent.outbox_report import inspect
from agent.outbox_rows import OutboxError
from agent.simulator.modbus import Units, serve_tcp
from agent.simulator.ptys import open_lines
from hub.demo.processes import environment, program
from hub.demo.seed import Login, demo_stores, seed_hub
from hub.demo.watch import HubClient
from protocols.metrics import METRICS, Kind
from protocols.modbus.codec import Memory
from protocols.modbus.profile import Table

ROOT = Path(__file__).parents[1]
HOST = "127.0.0.1"
GROUP = "test-0"
LOGIN = Login("demo", "test-test-test")
START_S = 120.0  # a shared machine may take long to load a program
MOSQUITTO_CONF = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def wait_for(check: Callable[[], bool], limit_s: float, what: str) -> float:
    """Seconds until `check` held; fails the test with `what` after the limit."""
    begun = time.monotonic()
    while not check():
        assert time.monotonic() - begun < limit_s, f"{what} within {limit_s:.0f} s"
        time.sleep(0.1)
    return time.monotonic() - begun


class Program:
    """One process that may be killed and started again; used as a context manager."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        logs: Path,
        own: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self.log = name, logs / f"{name}.log"
        self._command, self._own = list(command), dict(own or {})
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} does not run"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(self._own),
                cwd=ROOT,
            )

    def kill(self) -> None:
        """SIGKILL: no chance to finish anything. A process that ended by itself is a failure."""
        assert self.is_running, f"{self.name} ended by itself:\n{self.last_words()}"
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        if self.is_running:
            self._end(signal.SIGTERM)

    def last_words(self) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-15:])

    def _end(self, number: signal.Signals) -> None:
        process = self._process
        assert process is not None
        process.send_signal(number)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def memory_mb(self) -> float:
        return float(psutil.Process(self.pid).memory_info().rss) / 1e6

    def cpu_s(self) -> float:
        spent = psutil.Process(self.pid).cpu_times()
        return float(spent.user + spent.system)


class Broker(Program):
    """Debian's mosquitto with its own limits and without persistence."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        if found is None:
            pytest.fail("The broker is missing: apt-get install mosquitto")
        self.port = free_port()
        self.url = f"mqtt://{HOST}:{self.port}"
        conf = folder / "mosquitto.conf"
        conf.write_text(MOSQUITTO_CONF.format(port=self.port))
        super().__init__("broker", [found, "-c", str(conf)], folder)


class HubProcess(Program):
    """A hub of `stores` demo stores, whose archive is made on the first start."""

    def __init__(
        self,
        folder: Path,
        broker_url: str,
        stores: int,
        command: Sequence[str] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir, self.port = folder / "hub", free_port()
        url = (more or {}).get("HUB_DATABASE_URL", "")
        self.stores = seed_hub(self.data_dir, GROUP, demo_stores(stores), LOGIN, url)
        self.client = HubClient(HOST, self.port, LOGIN.username, LOGIN.password)
        self._is_known = False
        own = {
            "HUB_DATA_DIR": str(self.data_dir),
            "HUB_HOST": HOST,
            "HUB_PORT": str(self.port),
            "HUB_MQTT_URL": broker_url,
            **(more or {}),
        }
        super().__init__("hub", command or [*program("storevitals-hub"), "serve"], folder, own)

    def wait_until_ready(self) -> None:
        wait_for(self._is_ready, START_S, f"the hub was not ready (see {self.log})")

    def _is_ready(self) -> bool:
        assert self.is_running, f"the hub ended by itself:\n{self.last_words()}"
        return self.client.is_ready()

    def is_caught_up(self, most: int = 0) -> bool:
        """Whether the consumers have at most so many rows of the journal before them."""
        try:
            if not self._is_known:
                self.client.log_in()
                self._is_known = True
            return self.client.lag() <= most
        except OSError:
            return False


class AgentProcess(Program):
    """`storevitals-agent run` with the configuration in its folder."""

    def __init__(self, folder: Path, node: str, config: str) -> None:
        self.node, self.outbox = node, folder / "outbox.sqlite"
        path = folder / "agent.toml"
        path.write_text(config, "utf-8")
        command = [*program("storevitals-agent"), "run", "--config", str(path)]
        super().__init__(node, command, folder)

    def waiting(self) -> int:
        """Batches that the hub has not acknowledged, as far as the file says."""
        try:
            return inspect(self.outbox).rows_waiting
        except OutboxError:
            return 0


UNITS_METRICS = [
    name
    for name, metric in METRICS.items()
    if metric.kind in (Kind.GAUGE, Kind.COUNTER, Kind.STATE)
    and name not in ("in_total", "out_total", "online")
]
ALARM = "high_temperature_alarm"  # one that fires after 60 s
_BASE = {"voltage_l1_v": 2300, "voltage_l2_v": 2300, "voltage_l3_v": 2300, "battery_percent": 800}
_STATES = frozenset(name for name, metric in METRICS.items() if metric.kind is Kind.STATE)
_WHOLE = _STATES | {"in_total"}


def chosen_metrics(count: int, *, is_door: bool = False) -> list[str]:
    """ALARM and others, `count` in all; mains voltages come last."""
    others = [name for name in UNITS_METRICS if name not in (ALARM, *_BASE)]
    return [ALARM, *(["in_total"] if is_door else []), *others, *_BASE][:count]


@dataclass
class Unit:
    """One device behind the Modbus gateway: noisy values, an alarm bit that others set."""

    metrics: Sequence[str]
    random: random.Random
    alarm: int = 0
    on_read: Callable[["Unit", int], None] = lambda _unit, _alarm: None
    reads: int = 0

    def look(self) -> Memory:
        """What the registers hold now; one word each, a tenth of the unit."""
        words = {address: self._word(name) for address, name in enumerate(self.metrics)}
        self.reads += 1
        self.on_read(self, self.alarm)
        return {Table.HOLDING_REGISTER: words}

    def _word(self, name: str) -> int:
        if name == ALARM:
            return self.alarm
        if name in _STATES:
            return 0
        if METRICS[name].kind is Kind.COUNTER:
            return self.reads & 0x7FFF
        return _BASE.get(name, 200) + self.random.randrange(20)


def profile_toml(metrics: Sequence[str]) -> str:
    scales = {name: "1" if name in _WHOLE else "0.1" for name in metrics}
    registers = (
        f'[[registers]]\nmetric = "{name}"\ntable = "holding_register"\n'
        f"address = {address}\nscale = {scales[name]}\n"
        for address, name in enumerate(metrics)
    )
    head = (
        'vendor = "Test"\nmodel = "Unit"\nsource = "tests/servers.py, no real device"\n'
        'confidence = "untested"\n'
    )
    return "\n".join([head, *registers])


@dataclass(frozen=True)
class StoreShape:
    """How much a store has to say. `flush_s`, `max_mb` and `critical` as in agent.toml."""

    units: int = 20
    metrics: int = 15
    interval_s: float = 1.0
    max_mb: int = 150
    flush_s: float = 2.0
    critical: tuple[str, ...] = ()
    tickets_per_s: float = 0.0
    has_doors: bool = False  # each unit counts people as well

    def names(self) -> list[str]:
        return chosen_metrics(self.metrics, is_door=self.has_doors)


@dataclass
class TestStore:
    """Modbus units behind one port and a till; they live in the thread of `Street`."""

    node: str
    folder: Path
    shape: StoreShape
    units: list[Unit]
    port: int = 0
    line: Path = Path()
    written: list[str] = field(default_factory=list)  # numbers of the tickets that went out

    __test__ = False  # a store, no test

    def config(self, broker_url: str) -> str:
        shape = self.shape
        (self.folder / "unit.toml").write_text(profile_toml(shape.names()))
        critical = json.dumps(list(shape.critical))
        devices = "".join(
            f'[[device]]\nid = "unit-{n}"\ndriver = "modbus"\nbus = "gateway"\nunit = {n}\n'
            f'profile = "unit.toml"\ninterval_s = {shape.interval_s}\ncritical = {critical}\n'
            for n in range(1, shape.units + 1)
        )
        till = f'[[device]]\nid = "till-1"\ndriver = "serial_till"\nport = "{self.line}"\n'
        return (
            f'[agent]\nid = "{self.node}"\ndata_dir = "{self.folder}"\n'
            f'[uplink]\nurl = "{broker_url}"\ngroup = "{GROUP}"\nflush_s = {shape.flush_s}\n'
            f"[outbox]\nmax_mb = {shape.max_mb}\n"
            f'[[bus]]\nid = "gateway"\nkind = "modbus_tcp"\nhost = "{HOST}"\nport = {self.port}\n'
            f"{devices}" + (till + 'format = "jsonl"\n' if shape.tickets_per_s else "")
        )

    def ticket(self) -> bytes:
        number = f"{len(self.written) + 1:06d}"
        self.written.append(number)
        item = {"name": "纯牛奶1L", "quantity": "1", "price_cents": 1250, "amount_cents": 1250}
        document = {
            "number": number,
            "kind": "sale",
            "at": datetime.now(UTC).isoformat(),
            "currency": "CNY",
            "lines": [item],
            "tenders": [{"kind": "wechat", "amount_cents": 1250}],
            "total_cents": 1250,
        }
        return json.dumps(document).encode() + b"\n"


@contextmanager
def street(folder: Path, shapes: Sequence[StoreShape], seed: int) -> Iterator[list[TestStore]]:
    """Stores `store-1`, `store-2`, … that answer from a thread of their own."""
    stores = []
    for number, shape in enumerate(shapes, 1):
        own = folder / f"store-{number}"
        own.mkdir(parents=True)
        metrics = shape.names()
        units = [Unit(metrics, random.Random(f"{seed}/{number}/{n}")) for n in range(shape.units)]
        stores.append(TestStore(f"store-{number}", own, shape, units))
    loop, opened, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            lines = stack.enter_context(open_lines(folder / "lines", [s.node for s in stores]))
            tills = []
            for store in stores:
                looks = {n: unit.look for n, unit in enumerate(store.units, 1)}
                store.port = await stack.enter_async_context(serve_tcp(Units(looks, {}), HOST, 0))
                store.line = lines[store.node].path
                if store.shape.tickets_per_s:
                    tills.append(asyncio.create_task(_sell(store, lines[store.node].write)))
            opened.set()
            await ended.wait()
            for till in tills:
                till.cancel()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert opened.wait(10), "the stores did not open"
    try:
        yield stores
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


async def _sell(store: TestStore, write: Callable[[bytes], bool]) -> None:
    while True:
        await asyncio.sleep(1 / store.shape.tickets_per_s)
        write(store.ticket())
