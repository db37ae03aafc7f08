"""Opening a chain: its record, its roles and its first account."""

from uuid import UUID

from sqlalchemy import select

from hub.archive.chains.records import Chain
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Database, Scope
from hub.kit.ids import uuid7
from hub.kit.records.apply import Action, Change, apply
from hub.security.accounts import Grant, NewAccount, add_account
from hub.security.links import Invitation, make_link
from hub.security.passwords import Passwords
from hub.security.records import User
from hub.security.roles import seed_roles


def open_chain(db: Database, name: str, chain_id: UUID | None = None) -> UUID:
    """A new chain with the roles of the first day; returns its id."""
    chain_id = chain_id or uuid7()
    with db.write(Scope(chain_id)) as session:
        bind_asker(session, Asker.hub("setup"))
        apply(session, Chain, Change(chain_id, {"name": name}, action=Action.CREATE))
        seed_roles(session)
    return chain_id


def create_admin(db: Database, *, chain_name: str, username: str, password: str) -> UUID:
    """An admin account of the chain of this name, which is opened if there is none.

    The name must be free: InvalidError and ConflictError as for any new user.
    """
    chain_id = _chain_of(db, chain_name)
    account = NewAccount(username, username, password, (Grant("admin"),), must_change=False)
    return add_account(db, Passwords(), chain_id, account, Asker.hub("create-admin"))


def has_people(db: Database) -> bool:
    """Whether anybody has an account in this hub."""
    with db.system_read("has_people") as connection:
        return connection.execute(select(User.id).limit(1)).first() is not None


def invite_admin(db: Database, *, chain_name: str, username: str) -> Invitation:
    """An admin account without a password, and the link by which its owner sets one."""
    chain_id = _chain_of(db, chain_name)
    account = NewAccount(username, username, None, (Grant("admin"),), must_change=False)
    user_id = add_account(db, Passwords(), chain_id, account, Asker.hub("setup"))
    with db.system("invite_admin") as connection:
        return make_link(connection, chain_id, user_id)


def _chain_of(db: Database, name: str) -> UUID:
    """The chain of this name, which is opened if there is none."""
    with db.system_read("chain_of") as connection:
        found = connection.scalar(select(Chain.id).where(Chain.name == name))
    return open_chain(db, name) if found is None else found
