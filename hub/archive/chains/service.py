"""Opening a chain: its record, its roles and its first account."""

from uuid import UUID

from hub.archive.chains.records import Chain
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Database, Scope
from hub.kit.ids import uuid7
from hub.kit.records.apply import Action, Change, apply
from hub.security.roles import seed_roles


def open_chain(db: Database, name: str) -> UUID:
    """A new chain with the roles of the first day; returns its id."""
    chain_id = uuid7()
    with db.write(Scope(chain_id)) as session:
        bind_asker(session, Asker.hub("setup"))
        apply(session, Chain, Change(chain_id, {"name": name}, action=Action.CREATE))
        seed_roles(session)
    return chain_id
