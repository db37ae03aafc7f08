"""Sessions: opaque tokens, of which only a hash is kept, so a session can be ended at once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, exists, insert, or_, select, update

from hub.errors import T, UnauthorizedError
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.security.actor import Actor, Hurdle, Stores
from hub.security.models import (
    Credential,
    PolicyAcceptance,
    PolicyEdition,
    PracticeChain,
    Role,
    RoleRight,
    SecondFactor,
    SignInSession,
    UserRole,
)
from hub.security.records import User

PIN_IDLE = timedelta(minutes=10)  # the page itself locks after three; this is for one that cannot
SEEN_EVERY = timedelta(minutes=1)  # how exact `seen_at` is; each update is a write


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session lasts: without use, and at most (cookie, bearer token)."""

    idle: timedelta
    cookie: timedelta
    bearer: timedelta


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from, for the session list and the audit."""

    address: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """What a browser or a program shows from now on; the hub cannot show it again."""

    secret: str
    expires_at: datetime
    session_id: UUID


@dataclass(frozen=True, slots=True)
class Account:
    """Who wants to sign in: a user who is not archived."""

    id: UUID
    chain_id: UUID
    name: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One line of a person's session list."""

    id: UUID
    created_at: datetime
    seen_at: datetime
    address: str
    user_agent: str
    name: str
    """Of a program's token; empty for a person."""


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def open_session(
    connection: Connection,
    account: Account,
    origin: Origin,
    life: timedelta,
    *,
    cookie: bool,
    pc_id: UUID | None = None,
) -> Token:
    """A new session of one account; with `pc_id` one that a PIN opened there."""
    now = utc_now()
    token = Token(secrets.token_urlsafe(32), now + life, uuid7())
    connection.execute(
        insert(SignInSession).values(
            id=token.session_id,
            token_hash=digest(token.secret),
            user_id=account.id,
            chain_id=account.chain_id,
            is_cookie=cookie,
            created_at=now,
            seen_at=now,
            expires_at=token.expires_at,
            address=origin.address[:60],
            user_agent=origin.user_agent[:200],
            pc_id=pc_id,
        )
    )
    return token


def end_sessions(
    connection: Connection, user_id: UUID, *, only: UUID | None = None, keep: UUID | None = None
) -> int:
    """End a user's sessions: all, one, or all but one; returns how many were ended."""
    ended = update(SignInSession).where(
        SignInSession.user_id == user_id, SignInSession.ended_at.is_(None)
    )
    if only:
        ended = ended.where(SignInSession.id == only)
    if keep:
        ended = ended.where(SignInSession.id != keep)
    return connection.execute(ended.values(ended_at=utc_now())).rowcount


def open_sessions(
    connection: Connection, user_id: UUID, idle: timedelta | None = None
) -> list[OpenSession]:
    """A person's sessions and tokens that are not over, last used first."""
    table, now = SignInSession, utc_now()
    query = (
        select(
            table.id,
            table.created_at,
            table.seen_at,
            table.address,
            table.user_agent,
            table.name,
        )
        .where(table.user_id == user_id, table.ended_at.is_(None), table.expires_at > now)
        .order_by(table.seen_at.desc())
    )
    if idle is not None:
        query = query.where(or_(table.name != "", table.seen_at > now - idle))
    return [OpenSession(*row) for row in connection.execute(query)]


class Sessions:
    """Finds out who is behind a token, each time anew: whoever is shut out is out at once."""

    def __init__(self, db: Database, lifetimes: Lifetimes) -> None:
        self._db = db
        self.lifetimes = lifetimes

    def actor(self, secret: str, *, is_use: bool = True) -> Actor:
        """The person behind a token; UnauthorizedError when it is unknown, ended or too old.

        Only what a person does (`is_use`) keeps a session from ending by its idle limit.
        """
        now = utc_now()
        with self._db.system_read("session") as connection:
            row = connection.execute(_LIVE_SESSION, {"hash": digest(secret), "now": now}).first()
            if row is None or self._is_idle(row, now):
                raise UnauthorizedError(T("请先登录。", "Sign in first."))
            grants, roles = _grants(connection, row.user_id)
        if is_use and now - row.seen_at > SEEN_EVERY:
            self._touch(row.session_id, now)
        return Actor(
            user_id=row.user_id,
            chain_id=row.chain_id,
            username=row.username,
            name=row.name,
            language=str(row.language),
            roles=roles,
            grants=_within(grants, row.scopes),
            session_id=row.session_id,
            hurdle=_hurdle(row),
            is_program=bool(row.token_name),
            is_by_pin=row.pc_id is not None,
            is_practice=row.is_practice,
        )

    def _is_idle(self, row: Row[*tuple[Any, ...]], now: datetime) -> bool:
        limit = min(PIN_IDLE, self.lifetimes.idle) if row.pc_id else self.lifetimes.idle
        return not row.token_name and now - row.seen_at > limit

    def absent(self, user_id: UUID) -> Actor | None:
        """A person whose job runs while nobody is signed in, with the rights of this moment."""
        query = select(
            User.id, User.chain_id, User.username, User.name, User.language, User.archived_at
        ).where(User.id == user_id)
        with self._db.system_read("absent") as connection:
            row = connection.execute(query).first()
            if row is None or row.archived_at:
                return None
            grants, roles = _grants(connection, user_id)
        return Actor(
            user_id=row.id,
            chain_id=row.chain_id,
            username=row.username,
            name=row.name,
            language=str(row.language),
            roles=roles,
            grants=grants,
            session_id=UUID(int=0),
        )

    def listed(self, actor: Actor) -> list[OpenSession]:
        """The actor's live sessions, newest first."""
        with self._db.system_read("sessions") as connection:
            return open_sessions(connection, actor.user_id, self.lifetimes.idle)

    def _touch(self, session_id: UUID, now: datetime) -> None:
        seen = update(SignInSession).where(SignInSession.id == session_id).values(seen_at=now)
        with self._db.system("session") as connection:
            connection.execute(seen)


def _within(grants: dict[str, Stores], scopes: list[str] | None) -> dict[str, Stores]:
    """A program's token has only the rights it was given, and none that its owner lost."""
    if scopes is None:
        return grants
    return {right: stores for right, stores in grants.items() if right in scopes}


def _hurdle(row: Row[*tuple[Any, ...]]) -> Hurdle | None:
    """What a person must do before anything else; programs have nobody to ask."""
    if row.token_name:
        return None
    if row.must_change:
        return Hurdle.PASSWORD
    if row.needs_factor and not row.has_factor:
        return Hurdle.SECOND_FACTOR
    return Hurdle.POLICIES if row.has_unread else None


def _grants(connection: Connection, user_id: UUID) -> tuple[dict[str, Stores], tuple[str, ...]]:
    """Each right with the stores it reaches, and the codes of the roles."""
    grants: dict[str, Stores] = {}
    roles: dict[str, None] = {}
    for right, store_id, code in connection.execute(_GRANTS, {"user_id": user_id}):
        roles[code] = None
        reach = grants.get(right, frozenset())
        grants[right] = None if reach is None or store_id is None else reach | {store_id}
    return grants, tuple(roles)


_GRANTS = (
    select(RoleRight.right, UserRole.store_id, Role.code)
    .join(Role, Role.id == RoleRight.role_id)
    .join(UserRole, UserRole.role_id == Role.id)
    .where(UserRole.user_id == bindparam("user_id"))
)
_LIVE_SESSION = (
    select(
        SignInSession.id.label("session_id"),
        SignInSession.seen_at,
        User.id.label("user_id"),
        User.chain_id,
        User.username,
        User.name,
        User.language,
        Credential.must_change,
        SignInSession.name.label("token_name"),
        SignInSession.scopes,
        SignInSession.pc_id,
        exists()
        .where(UserRole.user_id == User.id, UserRole.role_id == Role.id, Role.needs_second_factor)
        .label("needs_factor"),
        exists()
        .where(SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None))
        .label("has_factor"),
        exists()
        .where(
            PolicyEdition.chain_id == User.chain_id,
            PolicyEdition.ended_at.is_(None),
            ~exists().where(
                PolicyAcceptance.edition_id == PolicyEdition.id,
                PolicyAcceptance.user_id == User.id,
            ),
        )
        .label("has_unread"),
        exists().where(PracticeChain.chain_id == User.chain_id).label("is_practice"),
    )
    .join(User, User.id == SignInSession.user_id)
    .join(Credential, Credential.user_id == User.id)
    .where(
        SignInSession.token_hash == bindparam("hash"),
        SignInSession.ended_at.is_(None),
        SignInSession.expires_at > bindparam("now"),
        User.archived_at.is_(None),
    )
)
