"""People as an administrator sees them: who they are, what they may, where they are signed in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, insert, select, update

from hub.errors import ConflictError, NotFoundError, T
from hub.kit.asker import Asker, bind_asker
from hub.kit.clock import utc_now
from hub.kit.db import Database, Scope
from hub.kit.records.apply import Action, Change, apply
from hub.kit.records.log import note
from hub.security.accounts import Grant, NewAccount, add_account, demand_user, put_grants
from hub.security.approvals.giving import Giving, demand
from hub.security.links import Invitation, make_link
from hub.security.models import Credential, Role, SecondFactor, SignInSession, UserRole
from hub.security.passwords import NO_PASSWORD, Passwords
from hub.security.records import User
from hub.security.sessions import OpenSession, end_sessions, open_sessions

_MEANWHILE = T("角色已被别人改过，请重新申请。", "The roles were changed meanwhile; ask again.")
_OWN = T("自己的角色由别人来改。", "Your own roles are changed by somebody else.")


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the people page; `grants` are role codes with a store, or the whole chain."""

    id: UUID
    username: str
    name: str
    language: str
    archived_at: datetime | None
    has_password: bool
    has_second_factor: bool
    seen_at: datetime | None
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class NewPerson:
    username: str
    name: str
    language: str
    grants: tuple[Grant, ...]


class People:
    """What the people pages and their API do; the asker's right is checked by them."""

    def __init__(self, db: Database, passwords: Passwords) -> None:
        self._db, self._passwords = db, passwords

    def listed(self, chain_id: UUID) -> list[Person]:
        """Everybody of the chain, those who may sign in first."""
        query = _PEOPLE.where(User.chain_id == chain_id)
        with self._db.system_read("people") as connection:
            rows = connection.execute(query).all()
            grants = _grants(connection, chain_id)
        return [_person(row, grants.get(row.id, ())) for row in rows]

    def get(self, chain_id: UUID, user_id: UUID) -> Person:
        for person in self.listed(chain_id):
            if person.id == user_id:
                return person
        raise NotFoundError(T("没有这个用户。", "There is no such user."))

    def add(
        self, chain_id: UUID, new: NewPerson, asker: Asker, *, is_approved: bool = False
    ) -> tuple[UUID, Invitation]:
        """A person without a password, and the link to set one."""
        if new.grants and not is_approved:
            told = {"username": new.username, "name": new.name, "language": new.language}
            change = told | {"grants": as_json(new.grants)}
            demand(self._db, chain_id, Giving("users", None, change), asker)
        account = NewAccount(
            new.username, new.name, None, new.grants, new.language, must_change=False
        )
        user_id = add_account(self._db, self._passwords, chain_id, account, asker)
        with self._db.system("people") as connection:
            return user_id, make_link(connection, chain_id, user_id)

    def set_grants(
        self,
        chain_id: UUID,
        user_id: UUID,
        grants: Iterable[Grant],
        asker: Asker,
        *,
        seen: Sequence[Sequence[str]] | None = None,
    ) -> None:
        """Replace the roles of somebody else; the next request of this person feels it.

        `seen` are the roles that an approval judged: it is good for a change of these alone.
        """
        if asker.user_id == user_id:
            raise ConflictError(_OWN)
        wanted, held = tuple(grants), self.get(chain_id, user_id).grants
        if seen is not None and as_json(held) != [list(one) for one in seen]:
            raise ConflictError(_MEANWHILE)
        if seen is None and not set(wanted) <= set(held):
            change = {"before": as_json(held), "grants": as_json(wanted)}
            demand(self._db, chain_id, Giving("users", user_id, change), asker)
        with self._db.system("people") as connection:
            demand_user(connection, chain_id, user_id)
            put_grants(connection, chain_id, user_id, wanted, asker)

    def shut_out(self, chain_id: UUID, user_id: UUID, asker: Asker) -> None:
        """Disable: every session and token ends, nothing of the person's past is lost."""
        with self._db.write(Scope(chain_id)) as session:
            bind_asker(session, asker)
            apply(session, User, Change(user_id, action=Action.ARCHIVE))

    def let_in(self, chain_id: UUID, user_id: UUID, asker: Asker) -> None:
        with self._db.write(Scope(chain_id)) as session:
            bind_asker(session, asker)
            apply(session, User, Change(user_id, action=Action.RESTORE))

    def invite(self, chain_id: UUID, user_id: UUID, asker: Asker) -> Invitation:
        """A link for a new password; the old one is good no more and all sessions end."""
        with self._db.system("people") as connection:
            demand_user(connection, chain_id, user_id)
            whose = Credential.user_id == user_id
            values = {"password_hash": NO_PASSWORD, "must_change": False}
            if not connection.execute(update(Credential).where(whose).values(values)).rowcount:
                about = {"chain_id": chain_id, "user_id": user_id, "changed_at": utc_now()}
                connection.execute(insert(Credential).values(about | values))
            end_sessions(connection, user_id)
            _note(connection, "password_reset", asker, chain_id, user_id)
            return make_link(connection, chain_id, user_id)

    def sessions(self, chain_id: UUID, user_id: UUID) -> Sequence[OpenSession]:
        with self._db.system_read("people") as connection:
            demand_user(connection, chain_id, user_id)
            return open_sessions(connection, user_id)

    def end_sessions(
        self, chain_id: UUID, user_id: UUID, asker: Asker, only: UUID | None = None
    ) -> int:
        """End one session or token of a person, or all of them."""
        with self._db.system("people") as connection:
            demand_user(connection, chain_id, user_id)
            ended = end_sessions(connection, user_id, only=only)
            if ended:
                _note(connection, "sessions_ended", asker, chain_id, user_id)
        return ended

    def end_everybodys_sessions(self, chain_id: UUID, asker: Asker) -> int:
        """The red button of an incident: everybody but the asker is out (SEC-18)."""
        table = SignInSession
        ended = update(table).where(table.chain_id == chain_id, table.ended_at.is_(None))
        with self._db.system("people") as connection:
            count = connection.execute(
                ended.where(table.user_id != asker.user_id).values(ended_at=utc_now())
            ).rowcount
            note(connection, "all_sessions_ended", asker, chain_id=chain_id)
        return count


def as_json(grants: Iterable[Grant]) -> list[list[str]]:
    """Roles as an approval and the audit keep them: [code, store]."""
    return [[one.role, str(one.store_id or "")] for one in grants]


def _note(connection: Connection, action: str, asker: Asker, chain_id: UUID, user_id: UUID) -> None:
    note(connection, action, asker, chain_id=chain_id, record_type="users", record_id=user_id)


def _grants(connection: Connection, chain_id: UUID) -> dict[UUID, tuple[Grant, ...]]:
    query = (
        select(UserRole.user_id, Role.code, UserRole.store_id)
        .join(Role, Role.id == UserRole.role_id)
        .where(UserRole.chain_id == chain_id)
        .order_by(Role.code, UserRole.store_id)
    )
    found: dict[UUID, tuple[Grant, ...]] = {}
    for user_id, code, store_id in connection.execute(query):
        found[user_id] = (*found.get(user_id, ()), Grant(code, store_id))
    return found


def _person(row: Row[*tuple[Any, ...]], grants: tuple[Grant, ...]) -> Person:
    return Person(
        row.id,
        row.username,
        row.name,
        str(row.language),
        row.archived_at,
        row.password_hash not in (None, NO_PASSWORD),
        bool(row.factors),
        row.seen_at,
        grants,
    )


_PEOPLE = (
    select(
        User.id,
        User.username,
        User.name,
        User.language,
        User.archived_at,
        Credential.password_hash,
        select(func.count())
        .where(SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None))
        .scalar_subquery()
        .label("factors"),
        select(func.max(SignInSession.seen_at))
        .where(SignInSession.user_id == User.id)
        .scalar_subquery()
        .label("seen_at"),
    )
    .outerjoin(Credential, Credential.user_id == User.id)
    .order_by(User.archived_at.is_not(None), User.username)
)
