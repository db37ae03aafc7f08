"""`storevitals-agent check`: would the agent work as it is configured?"""

import argparse
import asyncio
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.app import mqtt_options
from agent.cli.options import add_config, add_json, refuse, say, say_json
from agent.devices import Devices, Polled, build_devices
from agent.outbox_report import inspect
from agent.outbox_rows import OutboxError, lock_file
from agent.settings import AgentSettings, SettingsError, load_settings
from protocols.errors import ProtocolError
from protocols.mqtt.client import Hooks, MqttClient
from protocols.mqtt.options import MqttOptions

BROKER_S = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` says what was seen, and what to do where it is not well."""

    part: str
    is_ok: bool
    text: str


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "check",
        help="would the agent work as it is configured?",
        description="Reads the configuration, opens the outbox, connects to the broker and asks "
        "each polled device once. While the agent runs only configuration and outbox are looked "
        "at: broker and buses are in use.",
    )
    add_config(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    try:
        settings = load_settings(args.config)
        devices = build_devices(settings, folder=args.config.parent)
        options = mqtt_options(settings)
    except SettingsError as error:
        return refuse("check", error)
    findings = [Finding("configuration", True, f"{args.config}: {len(settings.device)} devices")]
    findings.append(_outbox(settings))
    if _is_running(settings.outbox_path):
        text = "the agent is running and uses broker and devices; its log says how they are"
        findings.append(Finding("agent", True, text))
    else:
        findings += asyncio.run(_look_outside(options, devices))
    _tell(findings, is_json=args.json)
    return 0 if all(finding.is_ok for finding in findings) else 1


def _outbox(settings: AgentSettings) -> Finding:
    path = settings.outbox_path
    if path.exists():
        try:
            report = inspect(path)
        except OutboxError as error:
            return Finding("outbox", False, str(error))
        return Finding("outbox", True, f"{path}: {report.rows_waiting} batches wait for the hub")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding("outbox", False, f"{folder} cannot be written: make {path.parent} writable")
    return Finding("outbox", True, f"{path} will be made at the first start")


def _is_running(outbox: Path) -> bool:
    """An agent holds the lock of its outbox."""
    if not Path(f"{outbox}.lock").exists():
        return False
    try:
        os.close(lock_file(outbox))
    except OutboxError:
        return True
    return False


async def _look_outside(options: MqttOptions, devices: Devices) -> list[Finding]:
    findings = [await _broker(options)]
    # One after the other: devices may share a bus.
    findings += [await _device(polled) for polled in devices.polled]
    for bus in devices.buses.values():
        bus.close()
    return findings


async def _broker(options: MqttOptions) -> Finding:
    """One attempt, by the name under which the agent itself would come."""
    client = MqttClient(options, Hooks(on_message=lambda _message: None))
    task = asyncio.create_task(client.run(), name="check-broker")
    with suppress(TimeoutError):
        async with asyncio.timeout(BROKER_S):
            while not client.is_connected and not client.trouble:  # noqa: ASYNC110 asked, not told
                await asyncio.sleep(0.05)
    is_connected = client.is_connected
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    if is_connected:
        return Finding("broker", True, f"{options} takes us in as {options.client_id}")
    text = client.trouble or f"no answer within {BROKER_S:g} s"
    return Finding("broker", False, f"{options}: {text}")


async def _device(polled: Polled) -> Finding:
    name = f"device {polled.driver.device}"
    try:
        readings = await polled.driver.read()
    except ProtocolError as error:
        return Finding(name, False, str(error))
    return Finding(name, True, ", ".join(f"{r.metric} {r.value}" for r in readings[:4]))


def _tell(findings: list[Finding], *, is_json: bool) -> None:
    if is_json:
        say_json([asdict(finding) for finding in findings])
        return
    for finding in findings:
        say(f"{'ok    ' if finding.is_ok else 'FAILED'}  {finding.part}: {finding.text}")
