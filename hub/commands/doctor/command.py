"""`storevitals-hub doctor`: what is looked at, in this order."""

import argparse

from hub.commands.configured import settings_of
from hub.commands.doctor.books import books
from hub.commands.doctor.checks import (
    backups,
    broker,
    certificates,
    clock,
    database,
    disk,
    hub,
    journal,
    keys,
    time_series,
    versions,
)
from hub.commands.doctor.findings import Check, examine, report

CHECKS: tuple[tuple[str, Check], ...] = (
    ("versions", versions),
    ("disk", disk),
    ("clock", clock),
    ("hub", hub),
    ("database", database),
    ("books", books),
    ("keys", keys),
    ("time series", time_series),
    ("journal", journal),
    ("broker", broker),
    ("certificates", certificates),
    ("backups", backups),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="findings as JSON, in both languages")


def run(given: argparse.Namespace) -> int:
    return report(examine(settings_of(given), CHECKS), as_json=given.json)
