"""What the installer's commands share: where the configuration is, how a refusal looks."""

import argparse
import json
import os
import sys
from pathlib import Path

from agent.words import Language, language_of

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


def add_language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lang",
        type=Language,
        choices=list(Language),
        default=language_of(os.environ),
        help="language of what is said (default: the terminal's)",
    )


def tcp_port(text: str) -> int:
    """For argparse: 1 to 65535."""
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give 1 to 65535")
    return int(text)


def seconds(text: str) -> float:
    """For argparse: a time that somebody may wait."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 600:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: give seconds above 0, at most 600")
    return value


def refuse(command: str, reason: object) -> int:
    """Say on stderr why nothing was done; the exit code for it."""
    sys.stderr.write(f"storevitals-agent {command}: {reason}\n")
    return 1


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def say_json(document: object) -> None:
    say(json.dumps(document, ensure_ascii=False, indent=2))


class ProgressLine:
    """One line on a terminal that tells how far it is; nothing where stderr is a file."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._is_shown = sys.stderr.isatty()

    def __call__(self, done: int, in_all: int) -> None:
        if self._is_shown:
            sys.stderr.write(f"\r  {self._label} {done}/{in_all} ")
            sys.stderr.flush()

    def end(self) -> None:
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
