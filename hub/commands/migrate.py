"""`storevitals-hub migrate`: the database at the tables of this version."""

import argparse
import sys

from hub.commands.configured import settings_of
from hub.kit.migrate import upgrade
from hub.tables import database_at


def run(given: argparse.Namespace) -> int:
    revision = upgrade(database_at(settings_of(given).database_url))
    sys.stdout.write(f"The database is at revision {revision}.\n")
    return 0
