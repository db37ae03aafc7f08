"""`storevitals-hub migrate`: the database at the tables of this version."""

import argparse
import sys

from hub.commands.configured import settings_of
from hub.kit.db import Database
from hub.kit.migrate import upgrade


def run(given: argparse.Namespace) -> int:
    revision = upgrade(Database(settings_of(given).database_url))
    sys.stdout.write(f"The database is at revision {revision}.\n")
    return 0
