"""/stock/expiry: what expires soon in a store; written off or marked down in two taps (INV-23)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse
from sqlalchemy import func, select
from starlette.responses import Response

from hub.analytics.stores import StoreClock
from hub.analytics.tables import TicketRow
from hub.archive.promotions.records import Promotion, PromotionKind
from hub.archive.stock.corrections import Correction, correct
from hub.archive.stock.lots import LotMove, StockLot
from hub.archive.stock.models import MovementKind, StockBalance
from hub.archive.stock.names import ItemName, item_names
from hub.archive.stores.records import Store
from hub.errors import InvalidError, NotFoundError, T
from hub.kit.db import ScopedSession
from hub.kit.ids import uuid7
from hub.kit.records.access import load
from hub.kit.records.apply import Change, apply
from hub.kit.rounding import half_up
from hub.live import Event, EventKind
from hub.web.blind import hidden_items
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.language import say
from hub.web.records.desk import Posted
from hub.web.stock_stores import CORRECT, READ, chosen, stores_with
from hub.web.views import CurrentView

SHOWN = 200
DAYS = (7, 30, 90)
MARK_DOWN_PERCENT = 30
MONEY, PROMOTE = "sales.read", "promotions.create"
_NO_LOT = T("这家店没有这个批次了。", "The store has nothing left of this lot.")
_EXPIRED = T("过期", "Expired")
_NEAR = T("临期 {name}", "Expires soon: {name}")
_SLOW = T("清货 {name}", "Clearance: {name}")
SLOW_DAYS = 14  # of a mark-down of what does not expire
router = APIRouter(include_in_schema=False, dependencies=[require(READ)])


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot of a store; `value_minor` at the item's average cost."""

    name: ItemName
    lot: str
    expires_on: date | None
    on_hand_milli: int
    value_minor: int

    def days(self, today: date) -> int | None:
        return (self.expires_on - today).days if self.expires_on else None


@router.get("/stock/expiry")
def show_expiry(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    store: UUID | None = None,
    until: date | None = None,
    lot: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """By any date; or where a lot is and went, for a recall."""
    stores = stores_with(session, actor)
    if not stores:
        return view.page("stock-expiry.html", here=None)
    here = chosen(stores, store)
    clock = StoreClock.of(here)
    today = clock.day_of(view.now)
    last = until or today + timedelta(days=DAYS[1])
    hidden = hidden_items(session, actor, here.id)
    rows = [x for x in _expiring(session, here.id, last) if x.name.item_id not in hidden]
    seen = {one.id: one.name for one in stores}
    return replace(view, zone=clock.zone).page(
        "stock-expiry.html",
        here=here,
        stores=list(seen.items()),
        today=today,
        until=last,
        spans=[(view.here(until=today + timedelta(days=n)), n) for n in DAYS],
        rows=rows,
        expired=sum(1 for one in rows if (one.days(today) or 0) < 0),
        value=sum(one.value_minor for one in rows),
        lot=lot,
        recall=_recall(session, lot.strip(), seen) if lot.strip() else None,
        may_correct=actor.may(CORRECT, here.id),
        may_promote=actor.may(PROMOTE) and actor.reach(PROMOTE) is None,
        sees_money=actor.may(MONEY, here.id),
        off=MARK_DOWN_PERCENT,
        new_id=uuid7,
    )


def _expiring(session: ScopedSession, store_id: UUID, last: date) -> list[LotRow]:
    wanted = (
        select(StockLot, StockBalance.on_hand_milli, StockBalance.value_minor)
        .join(
            StockBalance,
            (StockBalance.store_id == StockLot.store_id)
            & (StockBalance.item_id == StockLot.item_id),
        )
        .where(
            StockLot.store_id == store_id,
            StockLot.on_hand_milli > 0,
            StockLot.expires_on <= last,
        )
        .order_by(StockLot.expires_on, StockLot.item_id, StockLot.lot)
        .limit(SHOWN)
    )
    found = session.execute(wanted).all()
    names = item_names(session, {one.item_id for one, _, _ in found})
    rows = []
    for one, has, value in found:
        part = half_up(value * min(one.on_hand_milli, has), has) if has > 0 else 0
        rows.append(LotRow(names[one.item_id], one.lot, one.expires_on, one.on_hand_milli, part))
    return rows


@dataclass(frozen=True, slots=True)
class Recall:
    """Where a lot still is, and on which receipts it went out."""

    left: list[tuple[str, str, int]]
    sold: list[tuple[TicketRow, int]]


def _recall(session: ScopedSession, lot: str, seen: dict[UUID, str]) -> Recall:
    held = session.scalars(
        select(StockLot).where(StockLot.lot == lot, StockLot.store_id.in_(seen))
    ).all()
    names = item_names(session, {one.item_id for one in held})
    left = [(seen[x.store_id], names[x.item_id].title, x.on_hand_milli) for x in held]
    sold = (
        select(TicketRow, func.sum(-LotMove.quantity_milli))
        .join(LotMove, LotMove.document_id == TicketRow.id)
        .where(LotMove.lot == lot, LotMove.store_id.in_(seen))
        .group_by(TicketRow.id)
        .order_by(TicketRow.at.desc())
        .limit(SHOWN)
    )
    return Recall(left, [(ticket, int(milli)) for ticket, milli in session.execute(sold)])


@router.post("/stock/expiry/{store}/{item}/write-off")
def write_off(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    store: UUID,
    item: UUID,
    form: Posted,
) -> Response:
    """All that is left of the lot; sent twice, it counts once."""
    here = load(session, Store, store)
    actor.demand(CORRECT, here.id)
    found = _lot(session, here, item, form)
    loss = Correction(
        id=_uuid(form.get("document", "")),
        chain_id=actor.chain_id,
        store_id=here.id,
        item_id=item,
        kind=MovementKind.LOSS,
        quantity_milli=found.on_hand_milli,
        reason=say(view.language, _EXPIRED),
        user_id=actor.user_id,
        lot=found.lot,
    )
    with services.db.system("write-off") as connection:
        correct(connection, loss, view.now)
    services.live.publish(Event(EventKind.RECORD, here.id, {"type": "stock", "id": str(item)}))
    return RedirectResponse(f"/stock/expiry?store={here.id}", 303)


@router.post("/stock/expiry/{store}/{item}/mark-down")
def mark_down(
    view: CurrentView, session: WriteSession, actor: CurrentUser, store: UUID, item: UUID
) -> Response:
    """A draft of a promotion of this store, to be published at the next tap."""
    here = load(session, Store, store)
    actor.demand(READ, here.id)
    names = item_names(session, [item])
    if item not in names:
        raise NotFoundError(_NO_LOT)
    today = view.now.astimezone(ZoneInfo(here.zone)).date()
    ends = session.scalars(
        select(func.max(StockLot.expires_on)).where(
            StockLot.store_id == here.id, StockLot.item_id == item, StockLot.on_hand_milli > 0
        )
    ).first()
    name, title = names[item], _NEAR if ends else _SLOW
    last = ends or today + timedelta(days=SLOW_DAYS)
    values = {
        "code": f"MD{view.now:%m%d%H%M%S}",
        "name": title.format(name=name.title).zh[:80],
        "name_en": title.format(name=name.title).en[:80],
        "kind": PromotionKind.PERCENT,
        "off_percent": MARK_DOWN_PERCENT,
        "goods": [{"product_id": name.product_id}],
        "stores": [here.id],
        "starts_on": today,
        "ends_on": max(last, today),
        "currency": here.currency,
    }
    made = apply(session, Promotion, Change(values=values))
    return RedirectResponse(f"/archive/promotions/{made.id}", 303)


def _lot(session: ScopedSession, here: Store, item: UUID, form: Posted) -> StockLot:
    found = session.get(StockLot, (here.id, item, form.get("lot", "")))
    if found is None or found.on_hand_milli <= 0:
        raise NotFoundError(_NO_LOT)
    return found


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidError(_NO_LOT) from None
