"""The whole demo with real processes: ready, alive, and gone without a trace (OPS-07, R1)."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from hub.demo.processes import free_port

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

MAIN = "import sys; from hub.cli import main; sys.exit(main())"
ENDS_WITHIN_S = 15


@contextmanager
def demo(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", MAIN, "demo", "--data-dir", str(folder)]
    command += ["--port", str(free_port()), "--days", "0.2", *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=ENDS_WITHIN_S)


def wait_for(file: Path, process: "subprocess.Popen[str]") -> dict[str, object]:
    deadline = time.monotonic() + 120
    while not file.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    found: dict[str, object] = json.loads(file.read_text("utf-8"))
    return found


def test_it_becomes_ready_and_sigterm_ends_every_process(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with demo(folder, "--stores", "2", "--drift-after", "never") as process:
        document = wait_for(folder / "demo.json", process)
        assert process.stdout
        assert process.stdout.readline() == f"ready {document['url']}\n"
        pids = document["pids"]
        assert isinstance(pids, dict)
        assert set(pids) == {
            *("broker", "hub", "agent-1", "simulator-1", "agent-2", "simulator-2"),
        }
        assert httpx.get(f"{document['url']}/api/v1/health").json()["status"] == "ok"
        process.send_signal(signal.SIGTERM)
        assert process.wait(ENDS_WITHIN_S) == 0
        assert not any(psutil.pid_exists(pid) for pid in pids.values())


def test_a_killed_agent_ends_the_demo_with_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with demo(folder) as process:
        document = wait_for(folder / "demo.json", process)
        pids = document["pids"]
        assert isinstance(pids, dict)
        os.kill(pids["agent-1"], signal.SIGKILL)
        _, said = process.communicate(timeout=ENDS_WITHIN_S)
        assert process.returncode == 1
        assert "agent-1 was killed by signal 9" in said
        assert not any(psutil.pid_exists(pid) for pid in pids.values())
