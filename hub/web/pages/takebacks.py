"""/sales/back: what comes back, of any store of the chain; what is learned of a receipt later.

Return, exchange and void go by the numbers stored with the sale (SAL-05, SAL-06, SAL-14).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse
from sqlalchemy import Table, select
from starlette.responses import Response

from hub.analytics.selling import baskets
from hub.analytics.selling.details import link_late, tell_detail
from hub.analytics.selling.originals import Original, find_original
from hub.analytics.selling.paying import Back, Sale, void
from hub.analytics.stores import StoreClock
from hub.analytics.tables import TicketRow
from hub.archive.stores.records import Store
from hub.errors import InvalidError, NotFoundError, T
from hub.kit.ids import uuid7
from hub.kit.records.access import load
from hub.kit.records.contact import plain_phone
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.pages.checkout import SELL, announce
from hub.web.pages.stock import milli
from hub.web.records.desk import Posted
from hub.web.stock_stores import chosen, stores_with
from hub.web.views import CurrentView
from protocols.pos.ticket import TicketKind

FOUND = 20
_TICKETS: Table = TicketRow.__table__  # type: ignore[assignment]  # declarative says FromClause
_STORES: Table = Store.__table__  # type: ignore[assignment]
_NOTHING = T("请写明退哪几件。", "Say which pieces come back.")
_WHY = T("请写明原因。", "Say why.")
_NONE = T("没有这张小票。", "There is no such receipt.")
_NO_MEMBER = T("没有这位会员：{code}。", "No member has {code}.")
router = APIRouter(include_in_schema=False, dependencies=[require(SELL)])


@router.get("/sales/back")
def find_receipt(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    store: UUID | None = None,
    number: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """By the number on the paper, whichever store of the chain printed it."""
    stores = stores_with(session, actor, SELL)
    if not stores:
        return view.page("sales-back.html", here=None)
    here = chosen(stores, store)
    rows = []
    if number.strip():
        one = _TICKETS.c
        wanted = (
            select(one.id, one.number, one.at, one.total_cents, one.currency, _STORES.c.name)
            .join(_STORES, _STORES.c.id == one.store_id)
            .where(
                one.chain_id == actor.chain_id,
                one.number == number.strip(),
                one.kind != TicketKind.VOID.value,
                one.is_repeat.is_(False),
            )
            .order_by(one.at.desc())
            .limit(FOUND)
        )
        with services.db.system_read("receipt") as connection:
            rows = list(connection.execute(wanted))
    return replace(view, zone=StoreClock.of(here).zone).page(
        "sales-back.html",
        here=here,
        stores=[(x.id, x.name) for x in stores],
        number=number,
        rows=rows,
        original=None,
    )


@router.get("/sales/back/{id}")
def show_original(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    id: UUID,
    store: UUID | None = None,
) -> Response:
    """The lines of a receipt, with what can still come back of each."""
    here = chosen(stores_with(session, actor, SELL), store)
    with services.db.system_read("return") as connection:
        original = find_original(connection, actor.chain_id, id)
    return replace(view, zone=StoreClock.of(here).zone).page(
        "sales-back.html", here=here, stores=[], number="", rows=[], original=original
    )


@router.post("/sales/back/{id}")
def take_back(
    view: CurrentView,
    session: WriteSession,
    services: Hub,
    actor: CurrentUser,
    id: UUID,
    form: Posted,
) -> Response:
    """Into a basket: paid as it is, it is a return; with new goods in it, an exchange."""
    here = load(session, Store, _uuid(form.get("store", "")))
    actor.demand(SELL, here.id)
    with services.db.system_read("return") as connection:
        original = find_original(connection, actor.chain_id, id)
    back = _chosen_lines(original, form)
    why = form.get("why", "").strip()[:100]
    if not why:
        raise InvalidError(_WHY, {"why": _WHY})
    basket = baskets.begin(session, here.id, actor.user_id, view.now, uuid7())
    baskets.take_back(basket, original.id, back, why)
    return RedirectResponse(f"/sales/new?store={here.id}", 303)


def _chosen_lines(original: Original, form: Mapping[str, str]) -> list[Back]:
    back = []
    for line in original.sold:
        text = form.get(f"back-{line}", "").strip()
        quantity = milli(text) if text else 0
        if quantity:
            back.append(Back(line, quantity, form.get(f"to-{line}") == "damaged"))
    if not back:
        raise InvalidError(_NOTHING, {"quantity": _NOTHING})
    for one in back:
        baskets.check_back(original, one)
    return back


@router.post("/sales/receipts/{id}/void")
def void_receipt(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    id: UUID,
    form: Posted,
) -> Response:
    """A sale made here by mistake, on its day: it stays on file, and another takes it back."""
    head = _head(session, id)
    actor.demand(SELL, head.store_id)
    why = form.get("why", "").strip()
    if not why:
        raise InvalidError(_WHY, {"why": _WHY})
    clock = StoreClock.of(load(session, Store, head.store_id))
    with services.db.system("void") as connection:
        original = find_original(connection, actor.chain_id, id, is_to_change=True)
        sale = Sale(
            id=_uuid(form.get("document", "")),
            goods=(),
            original=original,
            cashier=actor.name,
            user_id=actor.user_id,
            notes=[("void", why)],
        )
        done = void(connection, clock, sale, view.now)
    announce(services, head.store_id, done.sold)
    return RedirectResponse(f"/sales/receipts/{id}", 303)


@router.post("/sales/receipts/{id}/details")
def tell_later(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    id: UUID,
    form: Posted,
) -> Response:
    """Whose receipt it is, within 30 days and once; or its invoice."""
    head = _head(session, id)
    actor.demand(SELL, head.store_id)
    clock = StoreClock.of(load(session, Store, head.store_id))
    by = actor.user_id, view.now
    code = form.get("customer", "").strip()[:40]
    found = None
    if code:
        found = baskets.customer_by(session, code) or baskets.customer_by(
            session, plain_phone(code)
        )
        if found is None:
            text = _NO_MEMBER.format(code=code)
            raise InvalidError(text, {"customer": text})
    with services.db.system("receipt") as connection:
        if found is not None:
            link_late(connection, clock, head, found.id, by)
        if "invoice" in form:
            known = {"invoice_number": form["invoice"].strip()[:40]}
            known["invoice_buyer"] = form.get("buyer", "").strip()[:120]
            tell_detail(connection, clock, id, known, by)
    return RedirectResponse(f"/sales/receipts/{id}", 303)


def _head(session: ReadSession, id: UUID) -> TicketRow:
    head = session.get(TicketRow, id)
    if head is None:
        raise NotFoundError(_NONE)
    return head


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidError(_NONE) from None
