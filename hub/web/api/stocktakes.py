"""/stocktakes/{id}/…: what a phone sends while it counts, and what is decided of the lines.

The head of a count is a record as any other; these are its lines (INV-12, INV-15, INV-22).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, model_validator

from hub.archive.stock.names import item_names
from hub.archive.stock.scans import PIECE_MILLI, Scanned, scanned
from hub.archive.stocktakes import service
from hub.archive.stocktakes.entries import Entry
from hub.archive.stocktakes.models import Keep
from hub.archive.stocktakes.reading import PAGE, LineRow, Show, lines
from hub.archive.stocktakes.records import Stocktake
from hub.errors import T
from hub.kit.db import ScopedSession
from hub.kit.records.access import load, may
from hub.kit.rounding import half_up
from hub.security.actor import Actor
from hub.web.deps import CurrentUser, ReadSession, WriteSession, seen
from hub.web.language import Language, say
from hub.web.views import CurrentView

router = APIRouter(prefix="/stocktakes", tags=["stocktakes"], dependencies=[seen(Stocktake)])

AT_ONCE = 500
MOST_MILLI = 10**11
CODE_MAX = 64
_UNKNOWN = T("没有商品用这个编码：{code}", "No item has this code: {code}")
_ITEM = T("没有这件商品。", "There is no such item.")
SEES_BOOKS, COUNTS = "post", "update"


class EntryIn(BaseModel):
    """One scan. `id` is given by whoever counts, so that what is sent twice counts once; without
    a quantity a code counts for what it stands for: a piece, a case, a weight."""

    id: UUID
    code: Annotated[str, Field(max_length=CODE_MAX)] = ""
    item_id: UUID | None = None
    quantity_milli: Annotated[int | None, Field(ge=-MOST_MILLI, le=MOST_MILLI)] = None
    at: datetime

    @model_validator(mode="after")
    def _one_of_both(self) -> "EntryIn":
        if bool(self.code.strip()) == bool(self.item_id):
            raise ValueError("give code or item_id")
        if self.at.tzinfo is None:
            raise ValueError("at needs a time zone")
        return self


class EntriesIn(BaseModel):
    entries: Annotated[list[EntryIn], Field(min_length=1, max_length=AT_ONCE)]


class EntryRead(BaseModel):
    """What was understood, and what is counted of the item now."""

    id: UUID
    item_id: UUID
    title: str
    code: str
    unit: str
    quantity_milli: int
    counted_milli: int


class Refused(BaseModel):
    id: UUID
    code: str
    detail: str


class EntriesRead(BaseModel):
    items: list[EntryRead]
    refused: list[Refused]


class StocktakeLineRead(BaseModel):
    """In a blind count what the books say is null for whoever may not post it."""

    item_id: UUID
    title: str
    code: str
    unit: str
    counted_milli: int | None
    to_recount: bool
    is_extra: bool
    snapshot_milli: int | None
    book_milli: int | None
    moved_milli: int | None
    difference_milli: int | None
    difference_minor: int | None
    keep: str


class StocktakeLines(BaseModel):
    items: list[StocktakeLineRead]
    next: str | None = None


class KeepIn(BaseModel):
    """Without items: all that moved after they were counted."""

    keep: Keep
    item_ids: Annotated[list[UUID] | None, Field(max_length=AT_ONCE)] = None


class ItemsIn(BaseModel):
    item_ids: Annotated[list[UUID], Field(min_length=1, max_length=AT_ONCE)]


class MissingRead(BaseModel):
    lines: int


def sees_books(session: ScopedSession, record: Stocktake) -> bool:
    """Nobody sees what is expected while a blind count is open; then whoever may post it."""
    status = record.status.value
    if not record.is_blind or status == "posted":
        return True
    return status == "review" and may(session, Stocktake, SEES_BOOKS, record.store_id)


@router.get("/{id}/lines", operation_id="list_stocktake_lines")
def list_lines(
    session: ReadSession,
    id: UUID,
    show: Show = Show.ALL,
    size: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
) -> StocktakeLines:
    record = load(session, Stocktake, id)
    sees = sees_books(session, record)
    shown = show if sees or show in (Show.TODO, Show.COUNTED) else Show.ALL
    return StocktakeLines(items=[_line(one, sees) for one in lines(session, record, shown, size)])


@router.post("/{id}/entries", operation_id="enter_stocktake")
def enter(
    session: WriteSession, actor: CurrentUser, view: CurrentView, id: UUID, body: EntriesIn
) -> EntriesRead:
    """What was found. Codes that mean nothing are told in `refused`; the others count."""
    record = _for(session, actor, id, COUNTS)
    kept, refused = understood(session, body.entries, view.language)
    counted = service.enter(session, record, kept) if kept else {}
    names = item_names(session, counted)
    items = [
        EntryRead(
            id=one.id,
            item_id=one.item_id,
            title=names[one.item_id].title,
            code=names[one.item_id].code,
            unit=names[one.item_id].unit,
            quantity_milli=one.quantity_milli,
            counted_milli=counted[one.item_id],
        )
        for one in kept
    ]
    return EntriesRead(items=items, refused=refused)


def understood(
    session: ScopedSession, entries: Sequence[EntryIn], language: Language
) -> tuple[list[Entry], list[Refused]]:
    """Which item each entry means, and those that mean none."""
    codes = (one.code.strip() for one in entries)
    known = scanned(session.bare_connection(), session.scope.chain_id, codes)
    named = item_names(session, [one.item_id for one in entries if one.item_id])
    kept: list[Entry] = []
    refused: list[Refused] = []
    for one in entries:
        meant = known.get(one.code.strip())
        if one.item_id in named:
            meant = Scanned(one.item_id)
        if meant is None:
            text = _UNKNOWN.format(code=one.code) if one.code else _ITEM
            refused.append(Refused(id=one.id, code=one.code, detail=say(language, text)))
            continue
        milli = meant.quantity_milli
        if one.quantity_milli is not None:
            milli = half_up(one.quantity_milli * milli, PIECE_MILLI)
        kept.append(Entry(one.id, meant.item_id, milli, one.at))
    return kept, refused


@router.post("/{id}/keep", operation_id="keep_stocktake", status_code=204)
def keep(session: WriteSession, actor: CurrentUser, id: UUID, body: KeepIn) -> None:
    """Which number holds of what moved after it was counted."""
    record = _for(session, actor, id, "post")
    service.keep(session, record, body.item_ids, body.keep)


@router.post("/{id}/missing", operation_id="count_missing_stocktake")
def count_missing(session: WriteSession, actor: CurrentUser, id: UUID) -> MissingRead:
    """Lines that nobody counted become zero."""
    record = _for(session, actor, id, "review")
    return MissingRead(lines=service.count_missing_as_none(session, record))


@router.post("/{id}/marks", operation_id="mark_stocktake", status_code=204)
def mark(session: WriteSession, actor: CurrentUser, id: UUID, body: ItemsIn) -> None:
    """Lines that the next recount asks for, and no others."""
    record = _for(session, actor, id, "recount")
    service.mark_for_recount(session, record, body.item_ids)


def _for(session: ScopedSession, actor: Actor, id: UUID, action: str) -> Stocktake:
    record = load(session, Stocktake, id)
    actor.demand(f"stocktakes.{action}", record.store_id)
    return record


def _line(one: LineRow, sees: bool) -> StocktakeLineRead:
    return StocktakeLineRead(
        item_id=one.item_id,
        title=one.name.title if one.name else "",
        code=one.name.code if one.name else "",
        unit=one.name.unit if one.name else "",
        counted_milli=one.counted_milli,
        to_recount=one.to_recount,
        is_extra=one.is_extra,
        snapshot_milli=one.snapshot_milli if sees else None,
        book_milli=one.book_milli if sees else None,
        moved_milli=one.moved_milli if sees else None,
        difference_milli=one.milli if sees else None,
        difference_minor=one.worth_minor if sees else None,
        keep=one.keep,
    )
