"""`storevitals-hub backup` and `restore`."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from hub.backup.depot import Depot
from hub.backup.errors import BackupError
from hub.backup.making import Done, make, open_key
from hub.backup.restoring import Restored, choose, rehearse, restore
from hub.settings import HubSettings

KEEP = 30


def add_backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to", type=Path, action="append", metavar="DIR",
        help="folder to write to; repeat it for a second place (default: HUB_BACKUP_TO)",
    )  # fmt: skip
    parser.add_argument(
        "--keep", type=_positive, default=KEEP, help=f"backups to keep (default {KEEP})"
    )
    parser.add_argument("--json", action="store_true", help="the result as JSON")


def add_restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, metavar="DIR", help="folder of the backups")
    parser.add_argument(
        "--at", metavar="INSTANT", help="which one, such as 20260301T02; the newest"
    )
    parser.add_argument("--key-file", type=Path, help="key of the backups (default: backup.key)")
    parser.add_argument("--list", action="store_true", help="only tell which backups there are")
    parser.add_argument(
        "--rehearse", action="store_true", help="restore into a temporary folder and verify only"
    )
    parser.add_argument("--json", action="store_true", help="the result as JSON")


def backup(settings: HubSettings, given: argparse.Namespace) -> int:
    """0 when every target has it; 1 with a sentence for each that has not."""
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


def restore_command(settings: HubSettings, given: argparse.Namespace) -> int:
    key, _ = open_key(settings, given.key_file, is_made=False)
    depot = Depot(given.source, key)
    if given.list:
        sys.stdout.write("".join(f"{name}\n" for name in depot.names()))
        return 0
    manifest = choose(depot, given.at)
    done = (
        rehearse(settings, depot, manifest)
        if given.rehearse
        else restore(settings, depot, manifest)
    )
    if given.json:
        sys.stdout.write(json.dumps(asdict(done)) + "\n")
    else:
        sys.stdout.write(_restored(done, settings, is_rehearsal=given.rehearse))
    return 0


def _line(done: Done) -> str:
    return (
        f"{done.target}: backup {done.name}, {done.files} files of {done.bytes / 1e6:.1f} MB, "
        f"new {done.new_files} of {done.new_bytes / 1e6:.1f} MB.\n"
    )


def _restored(done: Restored, settings: HubSettings, *, is_rehearsal: bool) -> str:
    what = f"{done.files} files of {done.bytes / 1e6:.1f} MB; hashes and counts are right.\n"
    if is_rehearsal:
        return f"The backup {done.name} can be restored: {what}"
    return (
        f"The backup {done.name} (version {done.version}) is in {settings.data_dir}: {what}"
        f"Put the master key back ({settings.master_key_file}) if it is not there, then start "
        "the hub: the agents send what came after the backup by themselves.\n"
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number
