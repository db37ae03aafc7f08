"""A living chain on this machine: broker, hub, and for each store a simulator and a real agent."""

import asyncio
import fcntl
import json
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from hub.demo.processes import HOST, Children, DemoError, free_port, is_free, program
from hub.demo.seed import DemoStore, Login, demo_stores, new_login, seed_hub
from hub.demo.watch import HubClient, wait_until_caught_up, wait_until_listening

GROUP = "demo-0"
MARKER = "storevitals-demo.lock"  # only a folder that bears it is ever emptied
HISTORIES_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class DemoOptions:
    stores: int
    days: float
    port: int
    data_dir: Path
    seed: int
    drift_after_s: float | None  # after ready; None: the freezer stays well


class Demo:
    """One run from an empty folder to the end of all its processes."""

    def __init__(self, options: DemoOptions, children: Children) -> None:
        self._options = options
        self._children = children
        self._dir = options.data_dir.absolute()
        self._mqtt_url = ""

    async def run(self) -> None:
        """Works until it is cancelled; raises DemoError."""
        mqtt_port = free_port()
        self._mqtt_url = f"mqtt://{HOST}:{mqtt_port}"
        broker = [sys.executable, "-m", "hub.demo_broker", str(mqtt_port), str(self._dir)]
        await self._start("broker", broker)
        login, stores = new_login(), demo_stores(self._options.stores)
        count = f"{len(stores)} stores" if len(stores) > 1 else "one store"
        _tell(f"Writing {self._options.days:g} days of {count} …")
        async with asyncio.TaskGroup() as group:
            seeding = group.create_task(self._start_hub(stores, login))
            limit = asyncio.Semaphore(HISTORIES_AT_ONCE)
            for store in stores:
                group.create_task(self._start_simulator(store, limit))
        hub = HubClient(HOST, self._options.port, login.username, login.password)
        await wait_until_listening(hub)
        begun = datetime.now(UTC)
        for store in stores:
            config = str(self._dir / store.node / "agent.toml")
            agent = [*program("storevitals-agent"), "run", "--config", config]
            await self._start(f"agent-{store.number}", agent)
        _tell("The hub is taking the history in …")
        await wait_until_caught_up(hub, seeding.result(), begun)
        self._say_ready(login)
        await self._stay()

    async def _start(
        self, name: str, command: list[str], own: dict[str, str] | None = None
    ) -> None:
        await self._children.start(name, command, own)
        self._children.watch(name)

    async def _start_hub(self, stores: list[DemoStore], login: Login) -> list[UUID]:
        """The stores' ids; the hub finds its archive made."""
        data_dir = self._dir / "hub"
        ids = await asyncio.to_thread(seed_hub, data_dir, GROUP, stores, login)
        await self._start("hub", [*program("storevitals-hub"), "serve"], self._hub())
        return ids

    def _hub(self) -> dict[str, str]:
        return {
            "HUB_DATA_DIR": str(self._dir / "hub"),
            "HUB_HOST": HOST,
            "HUB_PORT": str(self._options.port),
            "HUB_MQTT_URL": self._mqtt_url,
        }

    async def _start_simulator(self, store: DemoStore, limit: asyncio.Semaphore) -> None:
        """It writes the history, the agent's configuration too, and opens the wires."""
        folder = self._dir / store.node
        folder.mkdir()
        name = f"simulator-{store.number}"
        async with limit:
            await self._children.start(name, self._simulate(store, folder))
            await self._children.first_line(name)
        self._children.watch(name)

    def _simulate(self, store: DemoStore, folder: Path) -> list[str]:
        options = {
            "--seed": self._options.seed * 1000 + store.number,
            "--name": store.name,
            "--agent-id": store.node,
            "--group": GROUP,
            "--mqtt-url": self._mqtt_url,
            "--dir": folder / "lines",
            "--data-dir": folder,
            "--config-out": folder / "agent.toml",
            "--drain-per-s": 0,
            "--history-days": self._options.days,
            "--outbox": folder / "outbox.sqlite",
            "--scenario": "freezer-drift" if store.number == 1 else "normal",
            "--begin": "signal",
        }
        words = [str(word) for option in options.items() for word in option]
        return [*program("storevitals-agent"), "simulate", "--json", *words]

    def _say_ready(self, login: Login) -> None:
        url = f"http://{HOST}:{self._options.port}"
        document = {
            "url": url,
            "mqtt_url": self._mqtt_url,
            "username": login.username,
            "password": login.password,
            "pids": self._children.pids,
        }
        text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        fresh = self._dir / "demo.json.new"
        fresh.write_text(text, "utf-8")
        fresh.replace(self._dir / "demo.json")
        sys.stdout.write(
            f"ready {url}\n"
            f"  log in as {login.username} with password {login.password}\n"
            f"  登录：用户名 {login.username}，密码 {login.password}\n"
        )
        sys.stdout.flush()

    async def _stay(self) -> None:
        if self._options.drift_after_s is not None:
            await asyncio.sleep(self._options.drift_after_s)
            self._children.signal("simulator-1", signal.SIGUSR1)
        await asyncio.Event().wait()


def _tell(progress: str) -> None:
    """To stderr: stdout is for the line that says ready."""
    sys.stderr.write(progress + "\n")
    sys.stderr.flush()


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """An empty folder that no other demo uses; what an earlier demo left there goes."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / MARKER
    if not marker.exists() and any(folder.iterdir()):
        raise DemoError(f"{folder} holds files that are not the demo's: give an empty --data-dir.")
    with marker.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(
                f"A demo is running in {folder}: stop it, or give another --data-dir."
            ) from None
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path != marker:
                path.unlink()
        yield


async def run_demo(options: DemoOptions) -> None:
    """Until SIGTERM or Ctrl-C; raises DemoError when it cannot go on."""
    if not is_free(options.port):
        raise DemoError(
            f"Port {options.port} on {HOST} is in use: "
            f"stop what listens there, or give another --port."
        )
    _cancel_once((signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
    with own_folder(options.data_dir):
        try:
            async with (
                asyncio.TaskGroup() as group,
                Children(group, options.data_dir / "logs") as children,
            ):
                await Demo(options, children).run()
        except* DemoError as errors:
            raise _first(errors) from None


def _cancel_once(numbers: tuple[signal.Signals, ...]) -> None:
    """The first of these signals ends this task; the others must not disturb the end."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def cancel() -> None:
        for number in numbers:
            loop.add_signal_handler(number, lambda: None)
        if task:
            task.cancel()

    for number in numbers:
        loop.add_signal_handler(number, cancel)


def _first(errors: ExceptionGroup[DemoError]) -> DemoError:
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error
