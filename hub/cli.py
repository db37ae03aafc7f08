"""`storevitals-hub`: the commands of the centre.

A command is a module with `run(given) -> int` and, where it takes options, `arguments(parser)`.
Only the module of the command that is asked for is loaded.
"""

import argparse
import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from hub.errors import CommandError, HubError
from hub.loading import loaded


@dataclass(frozen=True, slots=True)
class Command:
    """`module` holds it; `has_settings`: it reads hub.toml, which `--config` names."""

    module: str
    help: str
    has_settings: bool = True


COMMANDS = {
    "serve": Command("hub.commands.serve", "run the hub: web, API, ingest, detection, alerts"),
    "migrate": Command("hub.commands.migrate", "bring the database to this version's tables"),
    "create-admin": Command("hub.commands.create_admin", "make the first account"),
    "setup": Command(
        "hub.commands.setup.command", "HTTPS, broker, services and first admin; as root"
    ),
    "rotate-keys": Command("hub.commands.rotate_keys", "new keys for sealed data; the hub may run"),
    "verify-audit": Command(
        "hub.commands.verify_audit", "walk the audit's chain: changed, removed, cut off"
    ),
    "backup": Command("hub.commands.backup", "a sealed copy of everything; the hub may run"),
    "restore": Command("hub.commands.restore", "a backup into an empty data directory"),
    "doctor": Command("hub.commands.doctor.command", "what is well, what is not, and what to do"),
    "make-migration": Command(
        "hub.commands.make_migration", "write a migration (developers)", has_settings=False
    ),
    "add-bundle": Command("hub.commands.add_bundle", "agent software that can be rolled out"),
    "detect": Command(
        "hub.commands.detect",
        "run the detectors over a CSV file: timestamp,value[,v2...] → timestamp,score,is_alarm",
        has_settings=False,
    ),
    "demo": Command(
        "hub.demo.command",
        "broker, hub and simulated stores on this machine, with two weeks of history",
        has_settings=False,
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: done; 1: refused or failed, with a sentence on stderr; 2: wrong usage."""
    words = sys.argv[1:] if arguments is None else arguments
    asked = next((one for one in words if not one.startswith("-")), "")
    try:
        given = _parser(asked).parse_args(words)
        code: int = given.run(given)
    except (CommandError, HubError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        gc.unfreeze()  # what closes itself when it goes is seen again
    return code


def _parser(asked: str) -> argparse.ArgumentParser:
    """Of the command that is asked for with its options, of the others only what they are for."""
    parser = argparse.ArgumentParser(
        prog="storevitals-hub", description="The centre of StoreVitals (门店健康档案中心)."
    )
    parser.add_argument("--version", action="version", version=version("storevitals"))
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        one = commands.add_parser(name, help=command.help, description=command.help)
        if command.has_settings:
            one.add_argument(
                "--config", type=Path, help="hub.toml; HUB_* in the environment go above"
            )
        if name == asked:
            module = loaded(command.module)
            if hasattr(module, "arguments"):
                module.arguments(one)
            one.set_defaults(run=module.run)
    return parser
