"""The link in a message: it shows what the message told, and acknowledges without signing in.

It is the message's id and a keyed hash of it, good for three days. Looking changes nothing, for
mail filters look at links; the button acknowledges, in the name of the person it was sent to.
"""

import hmac
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection, select

from hub.alerts.notices.models import Notice, NoticeMessage
from hub.alerts.notices.outbox import Envelope
from hub.errors import NotFoundError, T

GOOD_FOR = timedelta(days=3)
COLUMN = "notice_messages.link"
_GONE = T("这个链接已失效，请登录查看。", "This link is no longer good; sign in to see the alerts.")


class Hashing(Protocol):
    """The part of the vault that links need."""

    def blind(self, chain_id: UUID, column: str, text: str) -> str:
        """A keyed hash of a text: 32 hex digits."""


class Links:
    """`base_url` is how people reach the hub."""

    def __init__(self, vault: Hashing, base_url: str) -> None:
        self._vault, self._base_url = vault, base_url.rstrip("/")

    def of(self, envelope: Envelope) -> str:
        mark = self._mark(envelope.chain_id, envelope.message_id)
        return f"{self._base_url}/n/{envelope.message_id.hex}{mark}"

    def read(
        self, connection: Connection, token: str, now: datetime
    ) -> tuple[UUID, UUID, list[UUID]]:
        """Chain, person and alerts of a link; NotFoundError for any that is not ours or too old."""
        try:
            message_id, mark = UUID(token[:32]), token[32:]
        except ValueError:
            raise NotFoundError(_GONE) from None
        row = connection.execute(
            select(NoticeMessage.chain_id, NoticeMessage.user_id, NoticeMessage.started_at).where(
                NoticeMessage.id == message_id
            )
        ).first()
        if row is None or now - row.started_at > GOOD_FOR:
            raise NotFoundError(_GONE)
        if not hmac.compare_digest(mark, self._mark(row.chain_id, message_id)):
            raise NotFoundError(_GONE)
        alerts = select(Notice.alert_id).where(Notice.message_id == message_id).distinct()
        return row.chain_id, row.user_id, list(connection.execute(alerts).scalars())

    def _mark(self, chain_id: UUID, message_id: UUID) -> str:
        return self._vault.blind(chain_id, COLUMN, message_id.hex)
