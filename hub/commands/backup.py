"""`storevitals-hub backup`: a sealed copy of everything, to one folder or several."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from hub.backup.errors import BackupError
from hub.backup.making import Done, make, open_key
from hub.commands.configured import settings_of

KEEP = 30


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to", type=Path, action="append", metavar="DIR",
        help="folder to write to; repeat it for a second place (default: HUB_BACKUP_TO)",
    )  # fmt: skip
    parser.add_argument(
        "--keep", type=_positive, default=KEEP, help=f"backups to keep (default {KEEP})"
    )
    parser.add_argument("--json", action="store_true", help="the result as JSON")


def run(given: argparse.Namespace) -> int:
    """0 when every target has it; 1 with a sentence for each that has not."""
    settings = settings_of(given)
    targets = given.to or [Path(word.strip()) for word in settings.backup_to.split(",") if word]
    if not targets:
        raise BackupError("Where to? Name a folder: --to DIR, or HUB_BACKUP_TO.")
    key, is_new = open_key(settings)
    done = make(settings, targets, key, given.keep)
    if given.json:
        sys.stdout.write(json.dumps([asdict(one) for one in done]) + "\n")
    else:
        sys.stdout.write("".join(_line(one) for one in done if not one.error))
    if is_new:
        sys.stderr.write(
            f"A key for the backups was made: {settings.backup_key_file}. Keep a copy of it and of "
            "the master key away from this machine: no backup holds them, and without them none "
            "opens.\n"
        )
    for one in done:
        if one.error:
            sys.stderr.write(f"{one.error}\n")
    return 1 if any(one.error for one in done) else 0


def _line(done: Done) -> str:
    return (
        f"{done.target}: backup {done.name}, {done.files} files of {done.bytes / 1e6:.1f} MB, "
        f"new {done.new_files} of {done.new_bytes / 1e6:.1f} MB.\n"
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number
