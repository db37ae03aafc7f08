"""/stock/counts: plan a count, count with a phone, decide what holds, post it (INV-12 … INV-22)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse
from sqlalchemy import func, select
from starlette.responses import Response

from hub.archive.areas.records import Area
from hub.archive.products.records import ProductCategory
from hub.archive.stocktakes import service
from hub.archive.stocktakes.models import Keep
from hub.archive.stocktakes.reading import Show, lines, sums
from hub.archive.stocktakes.records import AbcClass, Extent, Stocktake, StocktakeStatus
from hub.archive.stores.records import Store
from hub.errors import InvalidError, NotFoundError, T
from hub.kit.clock import utc_now
from hub.kit.db import ScopedSession
from hub.kit.ids import uuid7
from hub.kit.records.access import load
from hub.kit.records.actions import perform, possible
from hub.kit.records.apply import Change, apply
from hub.security.actor import Actor
from hub.web.api.stocktakes import (
    CODE_MAX,
    COUNTS,
    MOST_MILLI,
    EntryIn,
    sees_books,
    understood,
)
from hub.web.deps import CurrentUser, ReadSession, WriteSession, require
from hub.web.language import Language, say
from hub.web.pages.stock import milli
from hub.web.records.desk import Posted
from hub.web.rendering import View
from hub.web.views import CurrentView

READ, CREATE = "stocktakes.read", "stocktakes.create"
LISTED = 60
MOST_PASTED = 20_000
_NO_STORE = T("没有这家门店。", "There is no such store.")
_NO_STEP = T("没有这个操作。", "There is no such action.")
_LINE = T("第 {n} 行：{what}", "Line {n}: {what}")
_TWO = T("每行写“编码,数量”。", "Write a code and a quantity in each line.")
_TOO_MANY = T("一次最多 {n} 行。", "At most {n} lines at once.")
router = APIRouter(include_in_schema=False, dependencies=[require(READ)])


@router.get("/stock/counts")
def show_counts(
    view: CurrentView, session: ReadSession, actor: CurrentUser, store: UUID | None = None
) -> Response:
    stores = _stores(session, actor)
    if not stores:
        return view.page("stock-counts.html", here=None)
    here = next((one for one in stores if one.id == store), None) if store else stores[0]
    if here is None:
        raise NotFoundError(_NO_STORE)
    wanted = (
        select(Stocktake)
        .where(Stocktake.store_id == here.id, Stocktake.archived_at.is_(None))
        .order_by(Stocktake.created_at.desc())
        .limit(LISTED)
    )
    area = select(Area).where(Area.store_id == here.id, Area.archived_at.is_(None))
    category = select(ProductCategory).where(ProductCategory.archived_at.is_(None))
    return replace(view, zone=ZoneInfo(here.zone)).page(
        "stock-counts.html",
        here=here,
        stores=[(one.id, one.name) for one in stores],
        counts=session.scalars(wanted).all(),
        may_plan=actor.may(CREATE, here.id),
        areas=[(one.id, one.name) for one in session.scalars(area.order_by(Area.name))],
        categories=[
            (one.id, one.name) for one in session.scalars(category.order_by(ProductCategory.code))
        ],
        classes=[(one.value, say(view.language, one.label)) for one in AbcClass],
    )


@router.post("/stock/counts")
def plan(view: CurrentView, session: WriteSession, actor: CurrentUser, form: Posted) -> Response:
    """One tap: planned and begun."""
    here = load(session, Store, _id(form.get("store", "")))
    actor.demand(CREATE, here.id)
    day = view.now.astimezone(ZoneInfo(here.zone)).date()
    begins = f"PD{day:%Y%m%d}-"
    same = select(func.count(Stocktake.id)).where(
        Stocktake.store_id == here.id, Stocktake.number.startswith(begins)
    )
    part, _, value = form.get("part", Extent.ALL.value).partition(":")
    field = {"category": "category_id", "area": "area_id", "class": "abc_class"}.get(part)
    values = {
        "store_id": here.id,
        "number": f"{begins}{(session.scalar(same) or 0) + 1:02}",
        "extent": part,
        "is_blind": "blind" in form,
        "planned_on": str(day),
        "currency": here.currency,
    } | ({field: value} if field else {})
    made = apply(session, Stocktake, Change(values=values))
    perform(session, Stocktake, made.id, "start")
    return RedirectResponse(f"/stock/counts/{made.id}", 303)


@router.get("/stock/counts/{id}")
def show_count(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    id: UUID,
    show: Annotated[Show | None, Query()] = None,
) -> Response:
    return _page(view, session, actor, id, show)


def _page(
    view: View,
    session: ScopedSession,
    actor: Actor,
    id: UUID,
    show: Show | None = None,
    *,
    pasted: str = "",
    wrong: Sequence[str] = (),
) -> Response:
    record = load(session, Stocktake, id)
    here = load(session, Store, record.store_id)
    sees = sees_books(session, record)
    is_open = record.status is StocktakeStatus.COUNTING
    shown = show or (Show.TODO if is_open else Show.DIFFERS)
    if not sees and shown not in (Show.TODO, Show.COUNTED):
        shown = Show.COUNTED
    figures = sums(session, record)
    return replace(view, zone=ZoneInfo(here.zone)).page(
        "stock-count.html",
        status=422 if wrong else 200,
        record=record,
        here=here,
        state=say(view.language, record.status.label),
        part=_part(session, view.language, record),
        figures=figures,
        todo=figures.lines - figures.counted,
        sees=sees,
        show=shown.value,
        rows=lines(session, record, shown),
        can={one.name for one in possible(session, record)},
        counts=is_open and actor.may(f"stocktakes.{COUNTS}", here.id),
        decides=record.status is StocktakeStatus.REVIEW and actor.may("stocktakes.post", here.id),
        document=uuid7(),
        pasted=pasted,
        wrong=wrong,
    )


@router.post("/stock/counts/{id}/paste")
def paste(
    view: CurrentView, session: WriteSession, actor: CurrentUser, id: UUID, form: Posted
) -> Response:
    """Lines of code and quantity: all of them, or none and every error (INV-12)."""
    record = load(session, Stocktake, id)
    actor.demand(f"stocktakes.{COUNTS}", record.store_id)
    pasted = form.get("lines", "")
    entries, wrong = _read_lines(_id(form.get("document", "")), pasted)
    kept, refused = understood(session, [one for _, one in entries], view.language)
    places = {one.id: n for n, one in entries}
    told = [(n, say(view.language, text)) for n, text in wrong]
    told += [(places[one.id], one.detail) for one in refused]
    if not told:
        service.enter(session, record, kept)
        return RedirectResponse(f"/stock/counts/{id}", 303)
    listed = [say(view.language, _LINE.format(n=n, what=text)) for n, text in sorted(told)]
    return _page(view, session, actor, id, pasted=pasted, wrong=listed)


@router.post("/stock/counts/{id}/{step}")
def do_step(
    session: WriteSession,
    actor: CurrentUser,
    id: UUID,
    step: str,
    form: Posted,
) -> Response:
    """What a button does: an action of the record, or a decision on its lines."""
    record = load(session, Stocktake, id)
    if step in _DECISIONS:
        right, decide = _DECISIONS[step]
        actor.demand(f"stocktakes.{right}", record.store_id)
        decide(session, record, form)
    else:
        perform(session, Stocktake, id, step)
    return RedirectResponse(f"/stock/counts/{id}", 303)


def _keep(session: ScopedSession, record: Stocktake, form: Mapping[str, str]) -> None:
    items = [_id(form["item"])] if form.get("item") else None
    keep = next((one for one in Keep if one.value == form.get("keep")), None)
    if keep is None:
        raise InvalidError(_NO_STEP)
    service.keep(session, record, items, keep)


def _missing(session: ScopedSession, record: Stocktake, _: Mapping[str, str]) -> None:
    service.count_missing_as_none(session, record)


def _mark(session: ScopedSession, record: Stocktake, form: Mapping[str, str]) -> None:
    """Recount what is ticked; where nothing is, all that differs."""
    ticked = [_id(one) for one in form.get("item", "").split(",") if one]
    if ticked:
        service.mark_for_recount(session, record, ticked)
    perform(session, Stocktake, record.id, "recount")


def _read_lines(
    document: UUID, pasted: str
) -> tuple[list[tuple[int, EntryIn]], list[tuple[int, T]]]:
    """Entries, and what is wrong, by line; the ids follow from the document, so that what is sent
    twice counts once."""
    entries: list[tuple[int, EntryIn]] = []
    wrong: list[tuple[int, T]] = []
    texts = [one for one in pasted.splitlines() if one.strip()]
    if len(texts) > MOST_PASTED:
        raise InvalidError(_TOO_MANY.format(n=MOST_PASTED))
    now = utc_now()
    for n, text in enumerate(texts, 1):
        code, _, quantity = text.replace("\t", ",").replace("，", ",").partition(",")
        try:
            counted = milli(quantity or "1")
        except InvalidError as error:
            wrong.append((n, error.text))
            continue
        if 0 < len(code.strip()) <= CODE_MAX and abs(counted) <= MOST_MILLI:
            about = {"code": code.strip(), "quantity_milli": counted, "at": now}
            entries.append((n, EntryIn(id=uuid5(document, str(n)), **about)))
        else:
            wrong.append((n, _TWO))
    return entries, wrong


Decide = Callable[[ScopedSession, Stocktake, Mapping[str, str]], None]
_DECISIONS: Mapping[str, tuple[str, Decide]] = {
    "keep": ("post", _keep),
    "missing": ("review", _missing),
    "again": ("recount", _mark),
}


def _part(session: ScopedSession, language: Language, record: Stocktake) -> str:
    """What is counted, in words."""
    if record.category_id:
        found = session.get(ProductCategory, record.category_id)
        return found.name if found else ""
    if record.area_id:
        area = session.get(Area, record.area_id)
        return area.name if area else ""
    if record.abc_class:
        return say(language, record.abc_class.label)
    return say(language, record.extent.label)


def _stores(session: ScopedSession, actor: Actor) -> Sequence[Store]:
    wanted = select(Store).where(Store.archived_at.is_(None)).order_by(Store.code)
    return [one for one in session.scalars(wanted) if actor.may(READ, one.id)]


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidError(_NO_STEP) from None
