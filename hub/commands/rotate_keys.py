"""`storevitals-hub rotate-keys`: new keys for a chain's sealed data, or a new master key."""

import argparse
import sys
from uuid import UUID

from sqlalchemy import select

from hub.archive.chains.records import Chain
from hub.commands.configured import settings_of
from hub.errors import InvalidError, T
from hub.kit.asker import Asker
from hub.kit.db import Database
from hub.sealed_columns import SEALED_COLUMNS
from hub.security.vault.opening import change_master, open_vault
from hub.security.vault.rotation import Rotation, Tally
from hub.tables import database_at

_ASKER = Asker.hub("rotate-keys")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--chain", help="name of one chain; default: every chain")
    parser.add_argument("--resume", action="store_true", help="only finish what was cut short")
    parser.add_argument("--master", action="store_true", help="a new master key, and nothing else")


def run(given: argparse.Namespace) -> int:
    """The hub may run meanwhile; whatever is cut short goes on at the next call."""
    settings = settings_of(given)
    if settings.master_key_file is None:
        raise InvalidError(T("没有主密钥文件。", "There is no master key file."))
    if given.master:
        count = change_master(settings.keys_url, settings.master_key_file)
        sys.stdout.write(f"{count} keys are wrapped by a new master key; restart the hub now.\n")
        return 0
    secret = settings.master_key.get_secret_value()
    room = open_vault(settings.keys_url, secret, settings.master_key_file)
    db = database_at(settings.database_url)
    try:
        work = Rotation(db, room.keys, room.vault, SEALED_COLUMNS)
        if not given.resume:
            for chain_id in _chains(db, given.chain):
                work.begin(chain_id)
        tally = work.finish(_tell, _ASKER)
    finally:
        db.close()
        room.keys.close()
    sys.stdout.write(
        f"\n{tally.sealed_anew} values sealed by new keys; "
        f"{tally.keys_destroyed} old keys destroyed.\n"
    )
    return 0


def _chains(db: Database, name: str | None) -> list[UUID]:
    query = select(Chain.id) if name is None else select(Chain.id).where(Chain.name == name)
    with db.system_read("rotate-keys") as connection:
        found = list(connection.scalars(query))
    if not found:
        raise InvalidError(T("没有这个连锁。", "There is no chain of this name."))
    return found


def _tell(tally: Tally) -> None:
    sys.stdout.write(f"\r{tally.sealed_anew} values")
    sys.stdout.flush()
