"""Stock moved by hand: opening balances, adjustments and losses, each with its reason (INV-02)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from hub.archive.stock.items import costs_of
from hub.archive.stock.models import MovementKind
from hub.archive.stock.posting import Movement, Posted, post
from hub.errors import InvalidError, T

DOCUMENT = "correction"
MOST_MILLI = 10**12
KINDS: Final = (MovementKind.LOSS, MovementKind.ADJUST, MovementKind.OPENING)
LOSSES: Final = {
    "damaged": T("破损", "Damaged"),
    "expired": T("过期", "Expired"),
    "lost": T("丢失", "Lost"),
    "own_use": T("自用", "Own use"),
}
_NO_REASON = T("请写明原因。", "Say why.")
_NOTHING = T("数量不能是 0。", "The quantity cannot be 0.")
_MORE_THAN_NOTHING = T("数量要大于 0。", "The quantity must be more than 0.")


@dataclass(frozen=True, slots=True)
class Correction:
    """`id` names the document: sent twice, it counts once. A loss tells what is gone as a
    positive quantity; an adjustment is added, an opening balance is what was there at the start.
    """

    id: UUID
    chain_id: UUID
    store_id: UUID
    item_id: UUID
    kind: MovementKind
    quantity_milli: int
    reason: str
    user_id: UUID
    unit_cost_minor: int | None = None
    lot: str = ""
    expires_on: date | None = None


def correct(connection: Connection, wanted: Correction, now: datetime) -> Posted:
    """Post it; InvalidError where something is missing."""
    _check(wanted)
    sign = -1 if wanted.kind is MovementKind.LOSS else 1
    cost = wanted.unit_cost_minor
    if cost is None:
        cost = costs_of(connection, [wanted.item_id]).get(wanted.item_id, 0)
    movement = Movement(
        chain_id=wanted.chain_id,
        store_id=wanted.store_id,
        item_id=wanted.item_id,
        kind=wanted.kind,
        document_type=DOCUMENT,
        document_id=wanted.id,
        line=0,
        quantity_milli=sign * wanted.quantity_milli,
        occurred_at=now,
        unit_cost_minor=cost,
        lot=wanted.lot.strip()[:40],
        expires_on=wanted.expires_on,
        user_id=wanted.user_id,
        reason=wanted.reason.strip(),
    )
    return post(connection, [movement], now)


def _check(wanted: Correction) -> None:
    if not wanted.quantity_milli:
        raise InvalidError(_NOTHING, {"quantity": _NOTHING})
    if wanted.kind is not MovementKind.ADJUST and wanted.quantity_milli < 0:
        raise InvalidError(_MORE_THAN_NOTHING, {"quantity": _MORE_THAN_NOTHING})
    if not wanted.reason.strip():
        raise InvalidError(_NO_REASON, {"reason": _NO_REASON})
