"""One-time links by which a person sets a password: nobody else ever knows it."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from hub.errors import NotFoundError, T
from hub.kit.asker import Asker, EveryRight
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.records.log import note
from hub.security.models import Credential, PasswordLink
from hub.security.passwords import Passwords, demand_strong
from hub.security.records import User
from hub.security.sessions import Origin, digest, end_sessions

LINK_LIFE = timedelta(hours=48)
_OVER = T("这个链接已失效，请管理员再发一个。", "This link is no longer good; ask for a new one.")


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an administrator hands over: good once, and until `expires_at`."""

    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a link is for."""

    user_id: UUID
    chain_id: UUID
    username: str
    name: str
    language: str


def make_link(connection: Connection, chain_id: UUID, user_id: UUID) -> Invitation:
    """A new link; links made before for the same person are over."""
    now = utc_now()
    over = update(PasswordLink).where(PasswordLink.user_id == user_id)
    connection.execute(over.where(PasswordLink.used_at.is_(None)).values(used_at=now))
    made = Invitation(secrets.token_urlsafe(24), now + LINK_LIFE)
    connection.execute(
        insert(PasswordLink).values(
            token_hash=digest(made.secret),
            chain_id=chain_id,
            user_id=user_id,
            created_at=now,
            expires_at=made.expires_at,
        )
    )
    return made


def invited(db: Database, secret: str) -> Invited:
    """Whom this link is for; NotFoundError when it is used, too old or made up."""
    query = (
        select(User.id, User.chain_id, User.username, User.name, User.language)
        .join(PasswordLink, PasswordLink.user_id == User.id)
        .where(PasswordLink.token_hash == digest(secret), PasswordLink.used_at.is_(None))
        .where(PasswordLink.expires_at > utc_now(), User.archived_at.is_(None))
    )
    with db.system_read("link") as connection:
        row = connection.execute(query).first()
    if row is None:
        raise NotFoundError(_OVER)
    return Invited(row.id, row.chain_id, row.username, row.name, str(row.language))


def set_password(
    db: Database, passwords: Passwords, secret: str, password: str, origin: Origin
) -> None:
    """Use the link up; ends every session of the person."""
    person = invited(db, secret)
    demand_strong(password, person.username)
    hashed = passwords.hash(password)
    now = utc_now()
    with db.system("link") as connection:
        used = (
            update(PasswordLink)
            .where(PasswordLink.token_hash == digest(secret), PasswordLink.used_at.is_(None))
            .values(used_at=now)
        )
        if connection.execute(used).rowcount != 1:
            raise NotFoundError(_OVER)
        values = {"password_hash": hashed, "must_change": False, "changed_at": now}
        whose = Credential.user_id == person.user_id
        connection.execute(update(Credential).where(whose).values(values))
        end_sessions(connection, person.user_id)
        asker = Asker(person.user_id, person.name, EveryRight(), origin.address)
        note(connection, "password_changed", asker, chain_id=person.chain_id)
