"""`storevitals-hub make-migration`: what changed in the tables, written down (developers)."""

import argparse
import sys

from hub.kit.migrate import make_migration


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("message", help="what changes, in a few words")


def run(given: argparse.Namespace) -> int:
    sys.stdout.write(f"{make_migration(given.message)}\n")
    return 0
