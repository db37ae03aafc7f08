"""/stock/transfers: ask, give, send, receive; printable (INV-14, INV-21)."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.archive.stock.scans import PIECE_MILLI, scanned
from hub.archive.stores.records import Store
from hub.archive.transfers.models import TransferStatus
from hub.archive.transfers.posting import Arrived, Asked
from hub.errors import InvalidError, T
from hub.kit.db import ScopedSession
from hub.kit.ids import uuid7
from hub.kit.rounding import half_up
from hub.web import transfers
from hub.web.deps import CurrentUser, Hub, ReadSession, require
from hub.web.language import say
from hub.web.pages.stock import milli
from hub.web.records.desk import Posted
from hub.web.stock_stores import CORRECT, READ, chosen, people, stores_with
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require(READ)])
LABELS = {one.value: one.label for one in TransferStatus}
_WHICH = T("请选择门店。", "Choose the store.")
_UNKNOWN = T("第 {n} 行：没有商品用“{code}”这个编码。", "Line {n}: no item has the code “{code}”.")


@router.get("/stock/transfers")
def show_transfers(
    view: CurrentView, session: ReadSession, actor: CurrentUser, store: UUID | None = None
) -> Response:
    stores = stores_with(session, actor)
    if not stores:
        return view.page("stock-transfers.html", here=None)
    here = chosen(stores, store)
    return replace(view, zone=ZoneInfo(here.zone)).page(
        "stock-transfers.html",
        here=here,
        stores=[(one.id, one.name) for one in stores],
        others=[one for one in _names(session).items() if one[0] != here.id],
        names=_names(session),
        rows=transfers.listed(session, actor, here.id),
        labels={key: say(view.language, text) for key, text in LABELS.items()},
        may_ask=actor.may(CORRECT, here.id),
        document=uuid7(),
    )


@router.post("/stock/transfers")
def ask(services: Hub, session: ReadSession, actor: CurrentUser, form: Posted) -> Response:
    """From a list of codes and quantities, or from one item's page."""
    sides = (_id(form.get("from", "")), _id(form.get("to", "")))
    quantities = _quantities(session, form)
    document = _id(form.get("document", ""))
    asked = Asked(document, actor.chain_id, *sides, quantities, actor.user_id, form.get("note", ""))
    transfers.ask(services, actor, asked)
    return RedirectResponse(f"/stock/transfers/{document}", 303)


@router.get("/stock/transfers/{id}")
def show_transfer(
    view: CurrentView, session: ReadSession, actor: CurrentUser, id: UUID
) -> Response:
    found = transfers.seen(session, actor, id)
    head = found.head
    who = people(session, (head.asked_by, head.approved_by, head.shipped_by, head.received_by))
    here = session.get(Store, head.from_store_id) or session.get(Store, head.to_store_id)
    zone = ZoneInfo(here.zone) if here else view.zone
    steps = (
        (T("申请", "Asked for"), head.asked_at, head.asked_by),
        (T("同意", "Approved"), head.approved_at, head.approved_by),
        (T("发货", "Shipped"), head.shipped_at, head.shipped_by),
        (T("收货", "Received"), head.received_at, head.received_by),
    )
    return replace(view, zone=zone).page(
        "stock-transfer.html",
        head=head,
        lines=found.lines,
        can=found.can,
        names=_names(session),
        state=say(view.language, LABELS[head.status]),
        life=[
            (at, say(view.language, text), who.get(by, "") if by else "")
            for text, at, by in steps
            if at
        ],
    )


@router.post("/stock/transfers/{id}/{step}")
def do_step(
    services: Hub, session: ReadSession, actor: CurrentUser, id: UUID, step: str, form: Posted
) -> Response:
    found = transfers.seen(session, actor, id)
    arrived = {}
    if step == "receive":
        arrived = {
            line.line: Arrived(
                *(
                    milli(form.get(f"{part}-{line.line}", "") or "0")
                    for part in ("received", "damaged", "lost")
                )
            )
            for line, _ in found.lines
        }
    transfers.do(services, actor, found, step, arrived, form.get("reason", ""))
    return RedirectResponse(f"/stock/transfers/{id}", 303)


def _quantities(session: ScopedSession, form: Mapping[str, str]) -> dict[UUID, int]:
    """Lines of code and quantity, or one item."""
    if form.get("item"):
        return {_id(form["item"]): milli(form.get("quantity", ""))}
    wanted: dict[UUID, int] = {}
    lines = [
        one.replace("，", ",").replace("\t", ",") for one in form.get("lines", "").splitlines()
    ]
    parts = [one.partition(",") for one in lines if one.strip()]
    known = scanned(
        session.bare_connection(), session.scope.chain_id, (code.strip() for code, _, _ in parts)
    )
    for n, (code, _, quantity) in enumerate(parts, 1):
        one = known.get(code.strip())
        if one is None:
            text = _UNKNOWN.format(n=n, code=code.strip()[:40])
            raise InvalidError(text, {"lines": text})
        pieces = half_up(milli(quantity or "1") * one.quantity_milli, PIECE_MILLI)
        wanted[one.item_id] = wanted.get(one.item_id, 0) + pieces
    return wanted


def _names(session: ScopedSession) -> dict[UUID, str]:
    """Stores that the visitor may see; the other side of a transfer has no more than this."""
    wanted = select(Store).where(Store.archived_at.is_(None)).order_by(Store.code)
    return {one.id: one.name for one in session.scalars(wanted)}


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidError(_WHICH) from None
