"""`storevitals-hub restore`: a backup into an empty data directory, or into a rehearsal."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from hub.backup.depot import Depot
from hub.backup.making import open_key
from hub.backup.restoring import Restored, choose, rehearse, restore
from hub.commands.configured import settings_of
from hub.settings import HubSettings


def arguments(parser: argparse.ArgumentParser) -> None:
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


def run(given: argparse.Namespace) -> int:
    settings = settings_of(given)
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


def _restored(done: Restored, settings: HubSettings, *, is_rehearsal: bool) -> str:
    what = f"{done.files} files of {done.bytes / 1e6:.1f} MB; hashes and counts are right.\n"
    if is_rehearsal:
        return f"The backup {done.name} can be restored: {what}"
    return (
        f"The backup {done.name} (version {done.version}) is in {settings.data_dir}: {what}"
        f"Put the master key back ({settings.master_key_file}) if it is not there, then start "
        "the hub: the agents send what came after the backup by themselves.\n"
    )
