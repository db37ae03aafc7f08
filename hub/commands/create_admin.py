"""`storevitals-hub create-admin`: the first account of a chain."""

import argparse
import sys
from getpass import getpass
from pathlib import Path

from hub.archive.chains.service import create_admin
from hub.commands.configured import settings_of
from hub.errors import CommandError
from hub.kit.migrate import upgrade
from hub.tables import database_at


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("username", help="the name to sign in with")
    parser.add_argument("--chain", default="我的连锁", help="name of the chain, made if new")
    parser.add_argument("--password-file", type=Path, help="file with the password; else asked for")


def run(given: argparse.Namespace) -> int:
    database = database_at(settings_of(given).database_url)
    upgrade(database)
    password = _password(given.password_file)
    create_admin(database, chain_name=given.chain, username=given.username, password=password)
    sys.stdout.write(f"{given.username} may sign in now.\n")
    return 0


def _password(file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text("utf-8").strip()
        except OSError as error:
            raise CommandError(f"{file}: cannot be read ({error.strerror}).") from error
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return getpass("Password: ")
