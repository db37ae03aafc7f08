"""`storevitals-agent check`: would the agent work as it is configured?"""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from agent.app import mqtt_options
from agent.cli.options import add_config, add_json, add_language, refuse, say, say_json
from agent.commission import examine
from agent.commission.findings import Finding, verdict
from agent.commission.running import is_running
from agent.devices import Devices, build_devices
from agent.settings import SettingsError, load_settings
from agent.words import Language
from protocols.mqtt.options import MqttOptions


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "check",
        help="would the agent work as it is configured?",
        description="Reads the configuration, opens the outbox, connects to the hub and asks each "
        "device once; each line tells what to do. While the agent runs only configuration and "
        "outbox are looked at: hub and buses are in use.",
    )
    add_config(parser)
    add_json(parser)
    add_language(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    try:
        found = findings(args.config)
    except SettingsError as error:
        return refuse("check", error)
    tell(found, args.lang, is_json=args.json)
    return 0 if all(finding.is_ok for finding in found) else 1


def findings(config: Path) -> list[Finding]:
    """Raises SettingsError."""
    settings = load_settings(config)
    devices = build_devices(settings, folder=config.parent)
    options = mqtt_options(settings)
    found = [examine.configuration(config, settings), examine.outbox(settings)]
    if is_running(settings.outbox_path):
        return [*found, examine.running()]
    return [*found, *asyncio.run(_look_outside(options, devices))]


async def _look_outside(brokers: Sequence[MqttOptions], devices: Devices) -> list[Finding]:
    told = [await examine.broker(options) for options in brokers]
    return [*told, *await examine.devices(devices)]


def tell(findings: list[Finding], language: Language, *, is_json: bool) -> None:
    if is_json:
        say_json([finding.document(language) for finding in findings])
        return
    for finding in findings:
        say(finding.line(language))
    say(verdict(findings, language))
