"""Practice mode: a second self in a chain of demo data, from which nothing goes out (UX-11).

A practice chain is an ordinary chain with a row in `practice_chains`. Everybody of the real chain
has an account of their own in it, with the same roles and without a password: it is entered from a
real session alone. A reset retires the chain and begins a new one.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from hub.archive.chains.service import open_chain
from hub.archive.practice.seed import ASKER, seed
from hub.archive.stores.records import Store
from hub.errors import ForbiddenError, T
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.security.accounts import Grant, NewAccount, add_account
from hub.security.actor import Actor
from hub.security.models import PracticeChain, Role, SignInSession, UserRole
from hub.security.passwords import Passwords
from hub.security.records import User
from hub.security.roles import SEEDS
from hub.security.sessions import Account, Origin, Token, open_session

NAME = "练习 Practice"
PRACTICE_LIFE = timedelta(hours=12)
_REAL_ONLY = T("练习模式只能从正式数据进入。", "Practice mode is entered from the real data.")
_KNOWN = frozenset(one.code for one in SEEDS)


class Practice:
    """Enters and resets. Any thread."""

    def __init__(self, db: Database, passwords: Passwords) -> None:
        self._db, self._passwords = db, passwords

    def enter(self, actor: Actor, origin: Origin) -> Token:
        """A session of the actor's second self; the chain is made where there is none yet."""
        if actor.is_practice or actor.is_program:
            raise ForbiddenError(_REAL_ONLY)
        chain_id = self._chain(actor.chain_id)
        user_id = self._self(actor, chain_id)
        account = Account(user_id, chain_id, actor.name, "")
        with self._db.system("practice") as connection:
            return open_session(connection, account, origin, PRACTICE_LIFE, cookie=True)

    def reset(self, actor: Actor, origin: Origin) -> Token:
        """Everything as at the beginning; `actor` is the real self. Others there are out."""
        now = utc_now()
        with self._db.system("practice") as connection:
            old = _current(connection, actor.chain_id)
            if old:
                ended = update(SignInSession).where(SignInSession.chain_id == old)
                connection.execute(ended.values(ended_at=now))
                retired = update(PracticeChain).where(PracticeChain.chain_id == old)
                connection.execute(retired.values(retired_at=now))
        return self.enter(actor, origin)

    def _chain(self, of_chain_id: UUID) -> UUID:
        """The row comes first: whatever the chain would send is held back from the first moment."""
        made = uuid7()
        with self._db.system("practice") as connection:
            found = _current(connection, of_chain_id)
            if found is None:
                row = {"chain_id": made, "of_chain_id": of_chain_id, "made_at": utc_now()}
                connection.execute(insert(PracticeChain).values(**row))
        if found is not None:
            return found
        open_chain(self._db, NAME, made)
        seed(self._db, made)
        return made

    def _self(self, actor: Actor, chain_id: UUID) -> UUID:
        username = f"{actor.username[:40]}@practice-{chain_id.hex[-12:]}"
        with self._db.system_read("practice") as connection:
            known = select(User.id).where(User.username == username)
            found: UUID | None = connection.scalar(known)
            grants = _grants(connection, actor.user_id, chain_id)
        if found is not None:
            return found
        language = actor.language
        account = NewAccount(username, actor.name, None, grants, language, must_change=False)
        return add_account(self._db, self._passwords, chain_id, account, ASKER)


def is_practice(connection: Connection, chain_id: UUID) -> bool:
    """Asked by whatever sends something out of the hub."""
    query = select(PracticeChain.chain_id).where(PracticeChain.chain_id == chain_id)
    return connection.scalar(query) is not None


def _current(connection: Connection, of_chain_id: UUID) -> UUID | None:
    table = PracticeChain
    query = select(table.chain_id).where(
        table.of_chain_id == of_chain_id, table.retired_at.is_(None)
    )
    found: UUID | None = connection.scalar(query)
    return found


def _grants(connection: Connection, user_id: UUID, chain_id: UUID) -> tuple[Grant, ...]:
    """The same roles, those of a store in the practice store; a chain's own roles are not there."""
    store = connection.scalar(select(Store.id).where(Store.chain_id == chain_id))
    held = (
        select(Role.code, UserRole.store_id)
        .join(Role, Role.id == UserRole.role_id)
        .where(UserRole.user_id == user_id)
    )
    rows = connection.execute(held).all()
    grants = {Grant(row.code, store if row.store_id else None) for row in rows}
    return tuple(sorted((g for g in grants if g.role in _KNOWN), key=lambda g: g.role))
