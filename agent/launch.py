"""Starts the agent: the software and the configuration that hold, or the ones before.

`python -m agent.launch --config FILE`, of the environment that was installed. It counts the starts
of a change on trial (`agent.remote.trial`), puts back what did not prove itself, then becomes the
agent. Standard library only, so that no update can break it.
"""

import hashlib
import json
import os
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from agent.remote import trial

DEFAULT_CONFIG = "/etc/storevitals/agent.toml"
DEFAULT_DATA = "/var/lib/storevitals"
LAUNCHED = "STOREVITALS_LAUNCHED"
"""In the environment of an agent that can be put back."""
_BASE_MARK = "# base: "  # as in agent.remote.describe


def base_mark(config: Path) -> str:
    """Last line of a configuration of the hub: which file of this machine it replaces."""
    return f"{_BASE_MARK}{hashlib.sha256(config.read_bytes()).hexdigest()}"


def data_dir(config: Path) -> Path:
    try:
        table = tomllib.loads(config.read_text("utf-8")).get("agent", {})
    except (OSError, ValueError):
        table = {}
    return Path(table.get("data_dir", DEFAULT_DATA))


def configuration(config: Path, folder: Path) -> Path:
    """The hub's file, unless somebody has changed the one on this machine since."""
    ordered = folder / trial.CONFIGURATION
    try:
        mark = ordered.read_text("utf-8").rstrip("\n").rpartition("\n")[2]
        return ordered if mark == base_mark(config) else config
    except OSError:
        return config


def python(folder: Path) -> str:
    """The interpreter of the bundle in use; this one without any, or after a new installation."""
    try:
        kept = json.loads((folder / trial.SOFTWARE).read_text("utf-8"))
        chosen = folder / "versions" / kept["name"] / "bin" / "python"
        is_mine = kept["base"] == installed()
    except (OSError, ValueError, KeyError, TypeError):
        return sys.executable
    return str(chosen) if is_mine and chosen.exists() else sys.executable


def installed() -> str:
    try:
        return version("storevitals")
    except PackageNotFoundError:
        return "0"


def command(config: Path) -> list[str]:
    """What to become."""
    folder = data_dir(config) / trial.FOLDER
    try:
        trial.count_start(folder)
    except OSError as error:  # a card that cannot be written: better the agent as it is than none
        sys.stderr.write(f"storevitals-agent launch: {folder}: {error.strerror}\n")
    start = [python(folder), "-P", "-m", "agent.cli.main", "run"]  # -P: of that environment alone
    return [*start, "--config", str(configuration(config, folder)), "--local-config", str(config)]


def main(arguments: list[str]) -> None:
    given = arguments[arguments.index("--config") + 1] if "--config" in arguments[:-1] else ""
    words = command(Path(given or DEFAULT_CONFIG))
    os.environ[LAUNCHED] = "1"
    os.execv(words[0], words)  # noqa: S606 becomes the agent, so that systemd watches one process


if __name__ == "__main__":
    main(sys.argv[1:])
