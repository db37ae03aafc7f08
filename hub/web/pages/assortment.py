"""/sales/articles: margin, ABC and XYZ of what a store sells; the file has the rows of the page."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.analytics.assortment import Article, articles
from hub.analytics.stores import StoreClock
from hub.archive.stores.records import Store
from hub.errors import T
from hub.kit.asker import bind_asker
from hub.kit.db import ScopedSession
from hub.kit.exchange.tables import csv_of, note_left
from hub.web.deps import CurrentUser, From, Hub, ReadSession, asker_for, require
from hub.web.exchange.downloads import attachment
from hub.web.language import Language, say
from hub.web.rendering import View
from hub.web.stock_stores import chosen, stores_with
from hub.web.views import CurrentView

READ = "sales.read"
SHOWN = 300
PERIODS = (7, 28, 91)
CLASSES = ("A", "B", "C")
HEADS = (
    T("编码", "Code"),
    T("商品", "Article"),
    T("数量", "Quantity"),
    T("销售额", "Revenue"),
    T("毛利", "Margin"),
    T("毛利率", "Margin %"),
    T("ABC", "ABC"),
    T("XYZ", "XYZ"),
)
router = APIRouter(include_in_schema=False, dependencies=[require(READ)])
Days = Annotated[int, Query(ge=1, le=366)]
Class = Annotated[str, Query(max_length=1)]


@router.get("/sales/articles")
def show_articles(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    store: UUID | None = None,
    days: Days = 28,
    abc: Class = "",
) -> Response:
    stores = stores_with(session, actor, READ)
    if not stores:
        return view.page("sales-articles.html", here=None)
    here = chosen(stores, store)
    rows = _rows(session, here, view, days, abc)
    revenue = sum(one.seller.revenue_cents for one in rows if one.cost_cents is not None)
    margin = sum(one.margin_cents or 0 for one in rows)
    return replace(view, zone=StoreClock.of(here).zone).page(
        "sales-articles.html",
        here=here,
        stores=[(one.id, one.name) for one in stores],
        days=days,
        abc=abc,
        periods=[(view.here(days=n), n, n == days) for n in PERIODS],
        classes=[(view.here(abc=one), one, one == abc) for one in CLASSES],
        rows=rows[:SHOWN],
        count=len(rows),
        revenue=sum(one.seller.revenue_cents for one in rows),
        margin=margin,
        share=margin / revenue if revenue else None,
        unknown=sum(one.cost_cents is None for one in rows),
    )


@router.get("/sales/articles/file")
def articles_file(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    origin: From,
    *,
    store: UUID,
    days: Days = 28,
    abc: Class = "",
) -> Response:
    here = chosen(stores_with(session, actor, READ), store)
    rows = _rows(session, here, view, days, abc)
    with services.db.write(actor.scope) as writing:
        bind_asker(writing, asker_for(actor, origin))
        note_left(writing, "sales", here.id, len(rows))
    name = f"articles-{here.code}-{days}.csv"
    body = _csv(rows, view.language)
    return Response(body, media_type="text/csv; charset=utf-8", headers=attachment(name))


def _rows(session: ScopedSession, here: Store, view: View, days: int, abc: str) -> list[Article]:
    clock = StoreClock.of(here)
    last = clock.day_of(view.now)
    found = articles(session, clock, last - timedelta(days=days - 1), last)
    return [one for one in found if abc in ("", one.abc)]


def _csv(rows: Sequence[Article], language: Language) -> bytes:
    cells = (
        [
            one.seller.code,
            one.seller.name,
            f"{one.seller.quantity_milli / 1000:g}",
            f"{one.seller.revenue_cents / 100:.2f}",
            "" if one.margin_cents is None else f"{one.margin_cents / 100:.2f}",
            "" if one.margin is None else f"{one.margin * 100:.1f}",
            one.abc,
            one.xyz,
        ]
        for one in rows
    )
    return csv_of([say(language, head) for head in HEADS], cells)
