"""/stock/on: what a store had at the end of any day, and the same as a file (INV-18, ANA-14)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.analytics.stores import StoreClock
from hub.archive.stock.dates import DatedRow, stock_at
from hub.archive.stores.records import Store
from hub.errors import T
from hub.kit.asker import bind_asker
from hub.kit.db import ScopedSession
from hub.kit.exchange.tables import csv_of, note_left
from hub.security.actor import Actor
from hub.web.blind import hidden_items
from hub.web.deps import CurrentUser, From, Hub, ReadSession, asker_for, require
from hub.web.exchange.downloads import attachment
from hub.web.language import Language, say
from hub.web.stock_stores import READ, chosen, stores_with
from hub.web.views import CurrentView

MONEY = "sales.read"
SHOWN = 500
HEADS = (
    T("编码", "Code"),
    T("商品", "Item"),
    T("数量", "Quantity"),
    T("单位", "Unit"),
    T("金额", "Value"),
)
router = APIRouter(include_in_schema=False, dependencies=[require(READ)])
Q = Annotated[str, Query(max_length=80)]


@router.get("/stock/on")
def show_stock_on(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    store: UUID | None = None,
    on: date | None = None,
    q: Q = "",
) -> Response:
    stores = stores_with(session, actor)
    if not stores:
        return view.page("stock-on.html", here=None)
    here = chosen(stores, store)
    clock = StoreClock.of(here)
    day = on or clock.day_of(view.now) - timedelta(days=1)
    rows = _rows(session, actor, here, (day, q))
    return replace(view, zone=clock.zone).page(
        "stock-on.html",
        here=here,
        stores=[(one.id, one.name) for one in stores],
        on=day,
        q=q,
        rows=rows[:SHOWN],
        count=len(rows),
        value_minor=sum(row.value_minor for row in rows),
        sees_money=actor.may(MONEY, here.id),
    )


@router.get("/stock/on/file")
def stock_on_file(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    store: UUID,
    on: date,
    q: Q = "",
) -> Response:
    """What the page shows with the same address, all of it."""
    here = chosen(stores_with(session, actor), store)
    rows = _rows(session, actor, here, (on, q))
    with services.db.write(actor.scope) as writing:
        bind_asker(writing, asker_for(actor, origin))
        note_left(writing, "stock", here.id, len(rows))
    body = _csv(rows, view.language, actor, here)
    name = f"stock-{here.code}-{on}.csv"
    return Response(body, media_type="text/csv; charset=utf-8", headers=attachment(name))


def _rows(
    session: ScopedSession, actor: Actor, here: Store, asked: tuple[date, str]
) -> list[DatedRow]:
    """In the order of the page; words look through names and codes; nothing that is counted blind
    now."""
    day, q = asked
    hidden = hidden_items(session, actor, here.id)
    clock = StoreClock.of(here)
    rows = stock_at(session, here.id, clock.start_of(day + timedelta(days=1)))
    word = q.strip().lower()
    return [
        row
        for row in rows
        if row.name.item_id not in hidden and word in f"{row.name.title} {row.name.code}".lower()
    ]


def _csv(rows: Sequence[DatedRow], language: Language, actor: Actor, here: Store) -> bytes:
    width = len(HEADS) if actor.may(MONEY, here.id) else len(HEADS) - 1
    cells = (
        [
            row.name.code,
            row.name.title,
            f"{row.quantity_milli / 1000:g}",
            row.name.unit,
            f"{row.value_minor / 100:.2f}",
        ][:width]
        for row in rows
    )
    return csv_of([say(language, head) for head in HEADS[:width]], cells)
