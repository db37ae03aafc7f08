"""Steps between two requests: the right password before the second factor, a passkey's challenge.

Each has a random challenge, belongs to one person, is short and good once.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select

from hub.errors import T, UnauthorizedError
from hub.kit.clock import utc_now
from hub.security.models import SignInStep
from hub.security.records import User
from hub.security.sessions import digest

STEP_LIFE = timedelta(minutes=5)
_OVER = T("时间过了，请重新登录。", "That took too long; sign in again.")


@dataclass(frozen=True, slots=True)
class Step:
    """One step under way; its secret is in the browser alone."""

    secret: str
    user_id: UUID
    chain_id: UUID
    username: str
    name: str
    challenge: bytes


def open_step(connection: Connection, chain_id: UUID, user_id: UUID) -> str:
    """A new step; steps that are over are cleared away. Returns its secret."""
    now, secret = utc_now(), secrets.token_urlsafe(32)
    connection.execute(delete(SignInStep).where(SignInStep.expires_at < now))
    row = {"token_hash": digest(secret), "chain_id": chain_id, "user_id": user_id}
    challenge = secrets.token_bytes(32)
    connection.execute(
        insert(SignInStep).values(**row, challenge=challenge, expires_at=now + STEP_LIFE)
    )
    return secret


def find_step(connection: Connection, secret: str) -> Step:
    """UnauthorizedError when it is over, used or made up."""
    query = (
        select(SignInStep, User.username, User.name)
        .join(User, User.id == SignInStep.user_id)
        .where(SignInStep.token_hash == digest(secret), SignInStep.expires_at > utc_now())
        .where(User.archived_at.is_(None))
    )
    row = connection.execute(query).first()
    if row is None:
        raise UnauthorizedError(_OVER)
    return Step(secret, row.user_id, row.chain_id, row.username, row.name, row.challenge)


def use_step(connection: Connection, secret: str) -> None:
    """UnauthorizedError when somebody was quicker."""
    gone = delete(SignInStep).where(SignInStep.token_hash == digest(secret))
    if connection.execute(gone).rowcount != 1:
        raise UnauthorizedError(_OVER)
