"""Answers kept under an idempotency key, so that a request sent twice is done once.

The row is written in the transaction of the change it answers for: both are there, or neither. A
key belongs to the session or token that sent it. The answer is sealed, for it may tell of people.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    JSON,
    Connection,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from hub.errors import ConflictError, InvalidError, T
from hub.kit.clock import utc_now
from hub.kit.db import Base, ChainScoped, ScopedSession
from hub.kit.ids import uuid7
from hub.kit.records.ports import Place, Vault, ports_of

KEY_MAX = 128
KEPT_DAYS = 1
_KEY = T(
    "Idempotency-Key 须为 1 到 {max} 个可见的 ASCII 字符。",
    "Idempotency-Key must be 1 to {max} visible ASCII characters.",
)
_OTHER = T(
    "这个 Idempotency-Key 已用于另一个请求；新的请求请换一个。",
    "This Idempotency-Key was used for another request; take a new one for a new request.",
)
_UNDER_WAY = T(
    "同一个请求正在处理，请稍后重发。",
    "The same request is being worked on; send it again in a moment.",
)


class KeptAnswer(ChainScoped, Base):
    """One answer; `request_hash` tells whether a later request is the same one."""

    __tablename__ = "kept_answers"
    __table_args__ = (UniqueConstraint("session_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    session_id: Mapped[UUID]
    key: Mapped[str] = mapped_column(String(KEY_MAX))
    request_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    answer: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to a request."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is to be done once."""

    chain_id: UUID
    session_id: UUID
    key: str
    request_hash: bytes

    @staticmethod
    def of(chain_id: UUID, session_id: UUID, key: str, *request: bytes) -> "Once":
        """`request` is what makes it this request: method, address and body."""
        if not 1 <= len(key) <= KEY_MAX or not all("!" <= letter <= "~" for letter in key):
            raise InvalidError(_KEY.format(max=KEY_MAX))
        told = hashlib.sha256(orjson.dumps([hashlib.sha256(p).hexdigest() for p in request]))
        return Once(chain_id, session_id, key, told.digest())

    def answered(self, session: ScopedSession) -> Answer | None:
        """What was answered before; InvalidError where the key stands for another request."""
        query = select(KeptAnswer).where(
            KeptAnswer.session_id == self.session_id, KeptAnswer.key == self.key
        )
        kept = session.scalar(query)
        if kept is None:
            return None
        if kept.request_hash != self.request_hash:
            raise InvalidError(_OTHER)
        body = ports_of(session).vault.open(self._place(kept.id), kept.answer)
        return Answer(kept.status, kept.headers, body)

    def keep(self, session: ScopedSession, answer: Answer) -> None:
        """In the transaction of the change; ConflictError where another of the same came first."""
        session.add(KeptAnswer(**self._row(ports_of(session).vault, answer)))
        try:
            session.flush()
        except IntegrityError as error:
            raise ConflictError(_UNDER_WAY) from error

    def keep_beside(self, connection: Connection, vault: Vault, answer: Answer) -> None:
        """The same where no session is open, as when a change is held back."""
        connection.execute(insert(KeptAnswer).values(self._row(vault, answer)))

    def _row(self, vault: Vault, answer: Answer) -> dict[str, Any]:
        row_id = uuid7()
        return {
            "id": row_id,
            "chain_id": self.chain_id,
            "session_id": self.session_id,
            "key": self.key,
            "request_hash": self.request_hash,
            "status": answer.status,
            "headers": dict(answer.headers),
            "answer": vault.seal(self._place(row_id), answer.body),
            "at": utc_now(),
        }

    def _place(self, row_id: UUID) -> Place:
        return Place(self.chain_id, KeptAnswer.__tablename__, "answer", row_id)
