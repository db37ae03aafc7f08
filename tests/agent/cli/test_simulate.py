"""`storevitals-agent simulate` (contract): says where it listens, refuses with a sentence."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pymodbus.client import ModbusSerialClient

from agent.cli import simulate
from agent.outbox import Outbox
from agent.settings import load_settings
from agent.simulator.plant import device_ids
from protocols.modbus.codec import decode, plan
from protocols.modbus.profile import load_profile

MAIN = (
    "import argparse, sys\n"
    "from agent.cli import simulate\n"
    "parser = argparse.ArgumentParser()\n"
    "simulate.add_parser(parser.add_subparsers())\n"
    "args = parser.parse_args()\n"
    "sys.exit(args.run(args))\n"
)


def run(*options: str) -> int:
    parser = argparse.ArgumentParser()
    simulate.add_parser(parser.add_subparsers())
    args = parser.parse_args(["simulate", *options])
    code: int = args.run(args)
    return code


@contextmanager
def simulator(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", MAIN, "simulate", "--dir", str(folder / "lines"), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--speed", "0"], "--speed is 0: give a number above 0, at most 10000."),
        (["--history-days", "3"], "--history-days needs --outbox FILE to write to."),
        (["--config-out", "x.toml"], "--config-out needs --mqtt-url"),
        (["--begin", "soon"], "--begin is 'soon': give seconds or 'signal'."),
        (["--zone", "Mars/Olympus"], "--zone 'Mars/Olympus' is no time zone."),
        (["--mqtt-url", "mqtt://example.org"], "in the clear"),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*options) == 1
    assert sentence in capsys.readouterr().err


@pytest.mark.integration
def test_a_port_in_use_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with simulator(tmp_path, "--json") as process:
        assert process.stdout
        port = json.loads(process.stdout.readline())["tcp"]["door"].rpartition(":")[2]
        folder = str(tmp_path / "other")
        assert run("--modbus-port", port, "--dir", folder) == 1
    assert "choose another --modbus-port" in capsys.readouterr().err


@pytest.mark.integration
def test_it_writes_a_configuration_that_the_agent_accepts_and_a_history(tmp_path: Path) -> None:
    file, outbox_file = tmp_path / "agent.toml", tmp_path / "data" / "outbox.sqlite"
    options = ["--mqtt-url", "mqtt://127.0.0.1:9", "--config-out", str(file), "--json"]
    options += ["--history-days", "0.1", "--outbox", str(outbox_file), "--agent-id", "shop-9"]
    with simulator(tmp_path, *options) as process:
        assert process.stdout
        said = json.loads(process.stdout.readline())
        settings = load_settings(file)
        assert settings.agent.id == "shop-9"
        assert [device.id for device in settings.device] == device_ids()
        assert Path(said["serial"]["till-1"]).is_char_device()
        with Outbox(outbox_file) as outbox:
            values = sum(epoch.waiting for epoch in outbox.epochs)
            assert values >= 144 * 75 / 200


@pytest.mark.integration
def test_the_scenario_begins_at_the_signal_and_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    options = ["--scenario", "freezer-drift", "--begin", "signal", "--speed", "120", "--json"]
    with simulator(tmp_path, *options) as process:
        assert process.stdout
        line = json.loads(process.stdout.readline())["serial"]["cold"]
        process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + 20
        while (warmest := _freezer_c(line)) < -5:
            assert time.monotonic() < deadline, f"the freezer is still at {warmest} °C"
            time.sleep(0.2)
        process.terminate()
        assert process.wait(5) == 0
    assert not list((tmp_path / "lines").iterdir())


def _freezer_c(line: str) -> float:
    blocks = plan(load_profile("danfoss-ekc-202d"))
    block = next(b for b in blocks if any(r.metric == "air_temperature_c" for r in b.registers))
    client = ModbusSerialClient(line, baudrate=19_200, timeout=1, retries=2)
    client.connect()
    reply = client.read_holding_registers(block.address, count=block.count, device_id=3)
    client.close()  # type: ignore[no-untyped-call]
    return float(decode(block, reply.registers)["air_temperature_c"] or -99)
