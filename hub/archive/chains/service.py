"""Opening a chain: its record, its roles and its first account."""

from uuid import UUID

from sqlalchemy import select

from hub.archive.chains.records import Chain
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Database, Scope
from hub.kit.ids import uuid7
from hub.kit.records.apply import Action, Change, apply
from hub.security.accounts import Grant, NewAccount, add_account
from hub.security.passwords import Passwords
from hub.security.roles import seed_roles


def open_chain(db: Database, name: str) -> UUID:
    """A new chain with the roles of the first day; returns its id."""
    chain_id = uuid7()
    with db.write(Scope(chain_id)) as session:
        bind_asker(session, Asker.hub("setup"))
        apply(session, Chain, Change(chain_id, {"name": name}, action=Action.CREATE))
        seed_roles(session)
    return chain_id


def create_admin(db: Database, *, chain_name: str, username: str, password: str) -> UUID:
    """An admin account of the chain of this name, which is opened if there is none.

    The name must be free: InvalidError and ConflictError as for any new user.
    """
    with db.system_read("create_admin") as connection:
        chain_id = connection.scalar(select(Chain.id).where(Chain.name == chain_name))
    if chain_id is None:
        chain_id = open_chain(db, chain_name)
    account = NewAccount(username, username, password, (Grant("admin"),), must_change=False)
    return add_account(db, Passwords(), chain_id, account, Asker.hub("create-admin"))
