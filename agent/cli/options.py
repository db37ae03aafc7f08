"""What the installer's commands share: where the configuration is, how a refusal looks."""

import argparse
import json
import sys
from pathlib import Path

DEFAULT_CONFIG = Path("/etc/storevitals/agent.toml")


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_CONFIG,
        metavar="FILE",
        help=f"the agent's configuration (default {DEFAULT_CONFIG})",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="say it as one JSON document")


def refuse(command: str, reason: object) -> int:
    """Say on stderr why nothing was done; the exit code for it."""
    sys.stderr.write(f"storevitals-agent {command}: {reason}\n")
    return 1


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def say_json(document: object) -> None:
    say(json.dumps(document, ensure_ascii=False, indent=2))
