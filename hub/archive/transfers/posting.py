"""From asking to receiving: what one store gives up is on its way until the other has it.

In a `db.system(…)` transaction; the caller has checked the rights: of the giving store to approve
and ship, of the receiving one to ask and receive. What is approved is promised, so that it is not
sold meanwhile; what is damaged or lost on the way leaves the books as a loss of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from hub.archive.stock.items import costs_of
from hub.archive.stock.models import BALANCES, MOVEMENTS, MovementKind
from hub.archive.stock.posting import Movement, open_balances, post
from hub.archive.stock.promises import release, reserve
from hub.archive.transfers.models import LINES, TRANSFERS, TransferStatus
from hub.errors import ConflictError, InvalidError, NotFoundError, T
from hub.kit.rounding import half_up

TRANSFER = "transfer"
MOST_LINES = 500
_NONE = T("没有这张调拨单。", "There is no such transfer.")
_EMPTY = T("请至少写一种商品，数量大于 0。", "Name at least one item, with more than nothing.")
_SAME = T("请选择另一家门店。", "Choose another store.")
_NOT_NOW = T("现在是“{state}”，不能这样做。", "It is “{state}” now, so this is not possible.")
_SUM = T(
    "收到、破损和丢失之和必须等于发出的数量。",
    "Received, damaged and lost must add up to what was shipped.",
)
_WHY = T("数量有出入，请写明原因。", "It does not arrive as it was sent: say why.")
DAMAGED = T("运输破损", "Damaged on the way")
LOST = T("运输丢失", "Lost on the way")


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish for goods; `id` names the document, so that what is sent twice is one."""

    id: UUID
    chain_id: UUID
    from_store_id: UUID
    to_store_id: UUID
    quantities_milli: Mapping[UUID, int]
    user_id: UUID | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of one line, in thousandths."""

    received_milli: int
    damaged_milli: int = 0
    lost_milli: int = 0

    @property
    def sum_milli(self) -> int:
        return self.received_milli + self.damaged_milli + self.lost_milli


def ask(connection: Connection, asked: Asked, now: datetime, *, is_approved: bool = False) -> None:
    """Write it down; with `is_approved`, by whoever may also give, it is promised at once."""
    if asked.from_store_id == asked.to_store_id:
        raise InvalidError(_SAME, {"to": _SAME})
    wanted = asked.quantities_milli
    if not 0 < len(wanted) <= MOST_LINES or min(wanted.values()) <= 0:
        raise InvalidError(_EMPTY, {"lines": _EMPTY})
    if connection.scalar(select(TRANSFERS.c.id).where(TRANSFERS.c.id == asked.id)):
        return
    head: dict[str, Any] = {
        "id": asked.id,
        "chain_id": asked.chain_id,
        "from_store_id": asked.from_store_id,
    }
    head |= {"to_store_id": asked.to_store_id, "number": _number(connection, asked, now)}
    head |= {"status": TransferStatus.REQUESTED.value, "note": asked.note[:200], "reason": ""}
    connection.execute(
        insert(TRANSFERS).values(head | {"asked_by": asked.user_id, "asked_at": now})
    )
    lines = [
        {"chain_id": asked.chain_id, "transfer_id": asked.id, "line": n}
        | {"item_id": item, "quantity_milli": quantity}
        for n, (item, quantity) in enumerate(sorted(wanted.items()))
    ]
    connection.execute(insert(LINES), lines)
    if is_approved:
        approve(connection, asked.id, asked.user_id, now)


def _number(connection: Connection, asked: Asked, now: datetime) -> str:
    begins = f"DB{now:%Y%m%d}-"
    same = select(func.count()).where(
        TRANSFERS.c.chain_id == asked.chain_id, TRANSFERS.c.number.startswith(begins)
    )
    return f"{begins}{(connection.scalar(same) or 0) + 1:03}"


def approve(connection: Connection, transfer_id: UUID, user_id: UUID | None, now: datetime) -> None:
    """Promise it: ConflictError where too little is available."""
    head = _at(connection, transfer_id, TransferStatus.REQUESTED)
    reserve(connection, head.from_store_id, _quantities(connection, transfer_id))
    _move_on(connection, head.id, TransferStatus.APPROVED, approved_by=user_id, approved_at=now)


def ship(connection: Connection, transfer_id: UUID, user_id: UUID | None, now: datetime) -> None:
    """It leaves the giving store at what it is worth there, and is on its way to the other."""
    head = _at(connection, transfer_id, TransferStatus.APPROVED)
    lines = _lines(connection, transfer_id)
    costs = costs_of(connection, [one.item_id for one in lines])
    release(connection, head.from_store_id, {one.item_id: one.quantity_milli for one in lines})
    movements = [
        _movement(head, one, head.from_store_id, MovementKind.SHIPPED, -one.quantity_milli)
        | {"unit_cost_minor": costs.get(one.item_id, 0)}
        for one in lines
    ]
    _post(connection, movements, user_id, now)
    worth = select(MOVEMENTS.c.line, MOVEMENTS.c.value_minor).where(
        MOVEMENTS.c.document_id == transfer_id,
        MOVEMENTS.c.kind == MovementKind.SHIPPED.value,
    )
    for line, value in connection.execute(worth).all():
        which = (LINES.c.transfer_id == transfer_id, LINES.c.line == line)
        connection.execute(update(LINES).where(*which).values(value_minor=-value))
    _in_transit(connection, head, {one.item_id: one.quantity_milli for one in lines})
    _move_on(connection, head.id, TransferStatus.SHIPPED, shipped_by=user_id, shipped_at=now)


def receive(
    connection: Connection,
    transfer_id: UUID,
    arrived: Mapping[int, Arrived],
    by: tuple[UUID | None, str],
    now: datetime,
) -> None:
    """All of it comes into the receiving store, and what is damaged or lost leaves it again.

    `arrived` by line; a line not named came as it was sent. `by` is who says so, and why less came.
    """
    head = _at(connection, transfer_id, TransferStatus.SHIPPED)
    lines = _lines(connection, transfer_id)
    came = {one.line: arrived.get(one.line, Arrived(one.quantity_milli)) for one in lines}
    user_id, reason = by[0], by[1].strip()[:200]
    _check(lines, came, reason)
    movements: list[dict[str, Any]] = []
    for one in lines:
        movements += _arrivals(head, one, came[one.line], reason)
        found = came[one.line]
        told = {"received_milli": found.received_milli, "damaged_milli": found.damaged_milli}
        which = (LINES.c.transfer_id == transfer_id, LINES.c.line == one.line)
        connection.execute(
            update(LINES).where(*which).values(told | {"lost_milli": found.lost_milli})
        )
    _post(connection, movements, user_id, now)
    _in_transit(connection, head, {one.item_id: -one.quantity_milli for one in lines})
    done = {"received_by": user_id, "received_at": now, "reason": reason}
    _move_on(connection, head.id, TransferStatus.RECEIVED, **done)


def cancel(connection: Connection, transfer_id: UUID) -> None:
    """Before it has left; what was promised is free again."""
    head = _at(connection, transfer_id, TransferStatus.REQUESTED, TransferStatus.APPROVED)
    if head.status == TransferStatus.APPROVED.value:
        release(connection, head.from_store_id, _quantities(connection, transfer_id))
    _move_on(connection, head.id, TransferStatus.CANCELLED)


def _check(lines: Sequence[Any], came: Mapping[int, Arrived], reason: str) -> None:
    for one in lines:
        found = came[one.line]
        parts = (found.received_milli, found.damaged_milli, found.lost_milli)
        if min(parts) < 0 or found.sum_milli != one.quantity_milli:
            raise InvalidError(_SUM, {"lines": _SUM})
        if found.received_milli != one.quantity_milli and not reason:
            raise InvalidError(_WHY, {"reason": _WHY})


def _arrivals(head: Any, one: Any, found: Arrived, reason: str) -> list[dict[str, Any]]:
    """Each with its share of what the line was worth when it left; the last takes the rest."""
    value, whole = one.value_minor or 0, one.quantity_milli
    into = _movement(head, one, head.to_store_id, MovementKind.RECEIVED, whole)
    movements = [into | {"value_minor": value}]
    for n, (gone, why) in enumerate(((found.damaged_milli, DAMAGED), (found.lost_milli, LOST))):
        if gone:
            out = _movement(head, one, head.to_store_id, MovementKind.LOSS, -gone)
            told = {"line": one.line * 2 + n, "reason": f"{why.zh}：{reason}"[:200]}
            movements.append(out | told | {"value_minor": -half_up(value * gone, whole)})
    return movements


def _movement(
    head: Any, one: Any, store_id: UUID, kind: MovementKind, quantity: int
) -> dict[str, Any]:
    return {
        "chain_id": head.chain_id,
        "store_id": store_id,
        "item_id": one.item_id,
        "kind": kind,
        "document_type": TRANSFER,
        "document_id": head.id,
        "line": one.line,
        "quantity_milli": quantity,
        "reason": head.number,
    }


def _post(
    connection: Connection,
    movements: Sequence[dict[str, Any]],
    user_id: UUID | None,
    now: datetime,
) -> None:
    about = {"occurred_at": now, "user_id": user_id}
    post(connection, [Movement(**(about | one)) for one in movements], now)


def _in_transit(connection: Connection, head: Any, milli: Mapping[UUID, int]) -> None:
    open_balances(connection, {(head.to_store_id, item): head.chain_id for item in milli})
    columns = BALANCES.c
    for item in sorted(milli):
        connection.execute(
            update(BALANCES)
            .where(columns.store_id == head.to_store_id, columns.item_id == item)
            .values(in_transit_milli=columns.in_transit_milli + milli[item])
        )


def _at(connection: Connection, transfer_id: UUID, *states: TransferStatus) -> Any:
    wanted = select(TRANSFERS).where(TRANSFERS.c.id == transfer_id).with_for_update()
    head = connection.execute(wanted).first()
    if head is None:
        raise NotFoundError(_NONE)
    if head.status not in {one.value for one in states}:
        label = next(one.label for one in TransferStatus if one.value == head.status)
        raise ConflictError(
            T(_NOT_NOW.zh.format(state=label.zh), _NOT_NOW.en.format(state=label.en))
        )
    return head


def _lines(connection: Connection, transfer_id: UUID) -> Sequence[Any]:
    wanted = select(LINES).where(LINES.c.transfer_id == transfer_id).order_by(LINES.c.line)
    return connection.execute(wanted).all()


def _quantities(connection: Connection, transfer_id: UUID) -> dict[UUID, int]:
    return {one.item_id: one.quantity_milli for one in _lines(connection, transfer_id)}


def _move_on(
    connection: Connection, transfer_id: UUID, status: TransferStatus, **told: object
) -> None:
    changed = update(TRANSFERS).where(TRANSFERS.c.id == transfer_id)
    connection.execute(changed.values(status=status.value, **told))
