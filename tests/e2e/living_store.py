"""`storevitals-hub demo` as a person starts it: broker, hub, agent and simulator as processes."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_S = 150.0
STOP_S = 20.0
COMMAND = "import sys; from hub.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class LivingStore:
    """What `demo.json` says."""

    url: str
    username: str
    password: str
    pids: dict[str, int]


@contextmanager
def living_store(folder: Path) -> Iterator[LivingStore]:
    """One store with a day of history; all its processes are gone at the end."""
    wanted = ["--days", "1", "--drift-after", "never", "--port", str(free_port())]
    started = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "demo", *wanted, "--data-dir", str(folder / "demo")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield ready(started, folder / "demo" / "demo.json")
    finally:
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=STOP_S)


def ready(started: "subprocess.Popen[bytes]", file: Path) -> LivingStore:
    deadline = time.monotonic() + READY_S
    while not file.is_file():
        if started.poll() is not None:
            _, said = started.communicate()
            raise RuntimeError(f"The demo ended: {said.decode()}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"The demo was not ready within {READY_S:g} s.")
        time.sleep(0.2)
    told = json.loads(file.read_text("utf-8"))
    return LivingStore(told["url"], told["username"], told["password"], told["pids"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
