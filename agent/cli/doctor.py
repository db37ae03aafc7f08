"""`storevitals-agent doctor`: is this machine fit to run for years? Looks, and changes nothing."""

import argparse
import asyncio

from agent.cli.check import tell
from agent.cli.options import add_config, add_json, add_language
from agent.commission.diagnose import diagnose
from agent.machine import Machine


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "doctor",
        help="is this machine well? disk, clock, power, card, ports, network, hub",
        description="Looks at disk, memory card, clock, temperature, power supply, serial ports "
        "and rights, network, hub, versions and configuration; each line tells what to do. It "
        "changes nothing and may run beside the agent.",
    )
    add_config(parser)
    add_json(parser)
    add_language(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    findings = asyncio.run(diagnose(args.config, Machine()))
    tell(findings, args.lang, is_json=args.json)
    return 0 if all(finding.is_ok for finding in findings) else 1
