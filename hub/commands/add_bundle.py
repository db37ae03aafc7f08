"""`storevitals-hub add-bundle`: software of agents that can be rolled out."""

import argparse
import sys
from pathlib import Path

from hub.commands.configured import settings_of
from hub.ingest.orders import add_bundle


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="storevitals-agent-<version>.tar")


def run(given: argparse.Namespace) -> int:
    bundle = add_bundle(given.file, settings_of(given).data_dir / "bundles")
    sys.stdout.write(f"Bundle {bundle.version} can be rolled out ({bundle.sha256}).\n")
    return 0
