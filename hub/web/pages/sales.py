"""/sales: receipts, one receipt, what was not understood, and the close of the day."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.analytics import closing, quarantine
from hub.analytics.closing import MOST_CENTS, Counted
from hub.analytics.receipts import PAGE, Asked, Receipt, receipt, receipts
from hub.analytics.sales import Sales, by_day
from hub.analytics.selling import baskets
from hub.analytics.selling.models import NOTES, TicketDetail, TicketNote, TicketSaving
from hub.analytics.selling.paying import TILL
from hub.analytics.stores import StoreClock
from hub.analytics.tables import QuarantinedTicketRow
from hub.archive.stores.records import Store
from hub.errors import InvalidError, NotFoundError, T
from hub.kit.asker import Asker
from hub.kit.ids import uuid7
from hub.kit.records.access import load
from hub.kit.records.log import note
from hub.live import Event, EventKind
from hub.web.deps import CurrentUser, Hub, ReadSession, require
from hub.web.language import say
from hub.web.records.desk import Posted
from hub.web.rendering import View
from hub.web.sale_words import KINDS, TENDERS
from hub.web.stock_stores import chosen, people, stores_with
from hub.web.views import CurrentView

READ, CLOSE = "sales.read", "sales.create"
LISTED = 100
_MONEY = T("请写成 12.50 这样的金额。", "Write an amount such as 12.50.")
_GONE = T("它已经修好，或不在您的门店。", "It is repaired already, or of no store of yours.")
_DAY = T("请选择日期。", "Choose the day.")
router = APIRouter(include_in_schema=False)
MayRead, MayClose = require(READ), require(CLOSE)


@router.get("/sales", dependencies=[MayRead])
def show_receipts(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    store: UUID | None = None,
    on: date | None = None,
    q: Annotated[str, Query(max_length=80)] = "",
    kind: Annotated[str, Query(max_length=8)] = "",
    before: datetime | None = None,
) -> Response:
    stores = stores_with(session, actor, READ)
    if not stores:
        return view.page("sales.html", here=None)
    here = chosen(stores, store)
    clock = StoreClock.of(here)
    day = on or clock.day_of(view.now)
    first = day if on or not q else day - timedelta(days=90)
    until = before if before and before.tzinfo else None
    rows = receipts(session, Asked(here.id, first, day, q, kind if kind in KINDS else "", until))
    sums = sum(by_day(session, clock, first, day).values(), Sales())
    return replace(view, zone=clock.zone).page(
        "sales.html",
        here=here,
        stores=[(one.id, one.name) for one in stores],
        on=day,
        first=first,
        q=q,
        kind=kind,
        rows=rows,
        sums=sums,
        kinds={key: say(view.language, text) for key, text in KINDS.items()},
        more=view.here(before=rows[-1].at.isoformat()) if len(rows) == PAGE else None,
        wrong=_count_wrong(session, here),
        may_close=actor.may(CLOSE, here.id),
    )


def _count_wrong(session: ReadSession, here: Store) -> int:
    wanted = select(QuarantinedTicketRow.id).where(QuarantinedTicketRow.store_id == here.id)
    return len(session.scalars(wanted.limit(LISTED)).all())


@router.get("/sales/receipts/{id}", dependencies=[MayRead])
def show_receipt(view: CurrentView, session: ReadSession, actor: CurrentUser, id: UUID) -> Response:
    found = receipt(session, id)
    here = load(session, Store, found.head.store_id)
    actor.demand(READ, here.id)
    return replace(view, zone=StoreClock.of(here).zone).page(
        "sales-receipt.html",
        found=found,
        head=found.head,
        here=here,
        kinds={key: say(view.language, text) for key, text in KINDS.items()},
        tenders={key: say(view.language, text) for key, text in TENDERS.items()},
        **_beside(view, session, found),
        may_sell=actor.may(CLOSE, here.id),
        may_void=found.head.till == TILL and not found.later and found.head.kind == "sale",
        document=uuid7(),
    )


def _beside(view: View, session: ReadSession, found: Receipt) -> dict[str, Any]:
    """What belongs to a receipt beyond its lines."""
    ticket_id = found.head.id
    savings: dict[int, list[TicketSaving]] = {}
    for one in session.scalars(select(TicketSaving).where(TicketSaving.ticket_id == ticket_id)):
        savings.setdefault(one.line, []).append(one)
    notes = session.scalars(select(TicketNote).where(TicketNote.ticket_id == ticket_id)).all()
    detail = session.get(TicketDetail, ticket_id)
    return {
        "savings": savings,
        "notes": [(say(view.language, NOTES[one.kind]), one) for one in notes],
        "detail": detail,
        "customer": baskets.customer_named(session, detail.customer_id if detail else None),
    }


@router.get("/sales/quarantine", dependencies=[MayRead])
def show_quarantine(
    view: CurrentView, session: ReadSession, actor: CurrentUser, store: UUID | None = None
) -> Response:
    """What came from tills and was not understood, with its text as it came."""
    stores = stores_with(session, actor, READ)
    if not stores:
        return view.page("sales-quarantine.html", here=None)
    here = chosen(stores, store)
    wanted = (
        select(QuarantinedTicketRow)
        .where(QuarantinedTicketRow.store_id == here.id)
        .order_by(QuarantinedTicketRow.received_at.desc())
        .limit(LISTED)
    )
    rows = [(one, one.raw.decode("utf-8", "replace")[:4000]) for one in session.scalars(wanted)]
    zoned = replace(view, zone=StoreClock.of(here).zone)
    may_repair = actor.may(CLOSE, here.id)
    return zoned.page("sales-quarantine.html", here=here, rows=rows, may_repair=may_repair)


@router.post("/sales/quarantine/{id}", dependencies=[MayRead])
def repair(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    id: UUID,
    form: Posted,
) -> Response:
    """The receipt as it should have come; it is counted in the place of the one that did not."""
    found = session.get(QuarantinedTicketRow, id)
    if found is None:
        raise NotFoundError(_GONE)
    actor.demand(CLOSE, found.store_id)
    with services.db.system("repair of a receipt") as connection:
        sold = quarantine.repair(connection, id, form.get("ticket", ""), view.now)
        told: dict[str, Any] = {"chain_id": actor.chain_id, "store_id": found.store_id}
        told |= {"record_type": "quarantined_tickets", "record_id": id}
        note(connection, "repair", Asker(actor.user_id, actor.name, actor), **told)
    if sold:
        about: dict[str, Any] = {"tickets": sold.tickets, "revenue_cents": sold.revenue_cents}
        about |= {"currency": sold.currency, "at": sold.newest_at.isoformat()}
        services.live.publish(Event(EventKind.SALE, found.store_id, about))
    return RedirectResponse(f"/sales/quarantine?store={found.store_id}", 303)


@router.get("/sales/close", dependencies=[MayClose])
def show_close(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    store: UUID | None = None,
    on: date | None = None,
) -> Response:
    """An empty form: nobody sees what is expected before it is counted."""
    stores = stores_with(session, actor, CLOSE)
    if not stores:
        return view.page("sales-close.html", here=None)
    here = chosen(stores, store)
    clock = StoreClock.of(here)
    day = on or clock.day_of(view.now)
    return replace(view, zone=clock.zone).page(
        "sales-close.html",
        here=here,
        stores=[(one.id, one.name) for one in stores],
        on=day,
        tills=[(one, one) for one in closing.tills(session, here.id, day)],
        tenders=[(key, say(view.language, text)) for key, text in TENDERS.items()],
        closes=closing.closes(session, here.id),
        document=uuid7(),
    )


@router.post("/sales/close", dependencies=[MayClose])
def close(view: CurrentView, services: Hub, actor: CurrentUser, form: Posted) -> Response:
    store = _uuid(form.get("store", ""))
    actor.demand(CLOSE, store)
    total = form.get("till_total", "").strip()
    counted = Counted(
        id=_uuid(form.get("document", "")),
        chain_id=actor.chain_id,
        store_id=store,
        business_day=_date(form.get("on", "")),
        till=form.get("till", "")[:64],
        cents={key: _cents(form[key]) for key in TENDERS if form.get(key, "").strip()},
        opening_cents=_cents(form.get("opening", "") or "0"),
        payouts_cents=_cents(form.get("payouts", "") or "0"),
        till_total_cents=_cents(total) if total else None,
        cashier=form.get("cashier", "").strip()[:64],
        user_id=actor.user_id,
    )
    with services.db.system("day close") as connection:
        closing.close(connection, counted, view.now)
    return RedirectResponse(f"/sales/close/{counted.id}", 303)


@router.get("/sales/close/{id}", dependencies=[MayClose])
def show_closed(view: CurrentView, session: ReadSession, actor: CurrentUser, id: UUID) -> Response:
    return _closed(view, session, actor, id)


@router.post("/sales/close/{id}", dependencies=[MayClose])
def explain(
    session: ReadSession, services: Hub, actor: CurrentUser, id: UUID, form: Posted
) -> Response:
    """Why it is over or short."""
    found = closing.find(session, id)
    actor.demand(CLOSE, found.store_id)
    with services.db.system("day close") as connection:
        closing.explain(connection, id, form.get("reason", ""))
    return RedirectResponse(f"/sales/close/{id}", 303)


def _closed(view: View, session: ReadSession, actor: CurrentUser, id: UUID) -> Response:
    found = closing.find(session, id)
    actor.demand(CLOSE, found.store_id)
    here = load(session, Store, found.store_id)
    return replace(view, zone=StoreClock.of(here).zone).page(
        "sales-closed.html",
        one=found,
        here=here,
        tenders={key: say(view.language, text) for key, text in TENDERS.items()},
        who=people(session, [found.closed_by]).get(found.closed_by or id, ""),
    )


def _cents(text: str) -> int:
    """An amount as people type it, in minor units."""
    try:
        number = Decimal(text.strip().replace(",", "").removeprefix("¥")) * 100
    except InvalidOperation:
        raise InvalidError(_MONEY, {"amount": _MONEY}) from None
    if not number.is_finite() or number != int(number) or abs(number) > MOST_CENTS:
        raise InvalidError(_MONEY, {"amount": _MONEY})
    return int(number)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidError(_DAY) from None


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidError(_DAY, {"on": _DAY}) from None
