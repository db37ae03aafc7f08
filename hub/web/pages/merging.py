"""/archive/{record-type}/duplicates: likely the same, made one field by field, and undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.archive.merging import merge
from hub.errors import ForbiddenError, T
from hub.kit.db import Record, ScopedSession
from hub.kit.merging.service import choices, may_merge, pointing_to, recent, undo_merge
from hub.kit.merging.twins import likely
from hub.kit.records.access import load
from hub.kit.records.custom import fields_in, held
from hub.kit.records.declare import Field, fields_of, title_of
from hub.kit.records.finding import name_in_full
from hub.kit.records.kinds import Kind
from hub.kit.records.names import names_of, references
from hub.kit.records.sight import is_hidden
from hub.web.deps import ReadSession, WriteSession
from hub.web.records.cells import Cell, Cells
from hub.web.records.desk import At, Desk, Posted

router = APIRouter(include_in_schema=False)
TAKE = "take."
_NOT_YOURS = T("您的角色不能合并这类记录。", "Your role does not merge such records.")


@dataclass(frozen=True, slots=True)
class Choice:
    """One field with both values; `takes` is whether that of the record that goes is proposed."""

    name: str
    label: str
    kept: Cell
    gone: Cell
    differs: bool
    takes: bool


@router.get("/archive/{kind}/duplicates")
def show_pairs(at: At, session: ReadSession) -> Response:
    _demand(at, session)
    pairs = likely(session, at.model)
    every = [record for pair in pairs for record in (pair.one, pair.other)]
    cells = Cells(at.view.language, at.view.zone, names_of(session, references(every)))
    return at.page(
        "records/duplicates.html",
        pairs=[
            (
                pair.one,
                pair.other,
                name_in_full(pair.one),
                name_in_full(pair.other),
                [(at.say(field.label), cells.of(field, pair.one)) for field in pair.why],
            )
            for pair in pairs
        ],
        merges=[(one, title_of(one.kept), title_of(one.gone)) for one in recent(session, at.model)],
    )


@router.get("/archive/{kind}/{id}/merge/{other}")
def show_choice(at: At, session: ReadSession, id: UUID, other: UUID) -> Response:
    """Side by side; `id` stays, `other` goes."""
    _demand(at, session)
    keep, gone = load(session, at.model, id), load(session, at.model, other)
    cells = Cells(
        at.view.language,
        at.view.zone,
        names_of(session, references([keep, gone], fields_in(session, at.model))),
    )
    fields = [
        one for one in choices(session, at.model) if not is_hidden(session, at.model, one, None)
    ]
    made = [_choice(at, cells, one, keep, gone) for one in fields]
    return at.page(
        "records/merge.html",
        keep=keep,
        gone=gone,
        names=(name_in_full(keep), name_in_full(gone)),
        differing=[one for one in made if one.differs],
        same=[one for one in made if not one.differs and one.kept.is_known],
        moving=len(pointing_to(session, at.model, gone.id)),
        lines=_lines(at, gone),
    )


def _cells(at: Desk, session: ScopedSession, records: Sequence[Record]) -> Cells:
    named = references(records, fields_in(session, at.model))
    return Cells(at.view.language, at.view.zone, names_of(session, named))


def _choice(at: Desk, cells: Cells, field: Field, keep: Record, gone: Record) -> Choice:
    mine, theirs = held(keep, field), held(gone, field)
    return Choice(
        name=field.name,
        label=at.say(field.label),
        kept=cells.of(field, keep),
        gone=cells.of(field, gone),
        differs=mine != theirs,
        takes=mine is None and theirs is not None,
    )


def _lines(at: Desk, gone: Record) -> Sequence[tuple[str, int]]:
    """(label, how many) of the lines that come along."""
    fields = fields_of(at.model).values()
    counted = [
        (at.say(one.label), len(getattr(gone, one.name)))
        for one in fields
        if one.spec.kind is Kind.LINES
    ]
    return [one for one in counted if one[1]]


@router.post("/archive/{kind}/{id}/merge/{other}")
def merge_both(at: At, session: WriteSession, sent: Posted, id: UUID, other: UUID) -> Response:
    _demand(at, session)
    take = [
        name.removeprefix(TAKE)
        for name, value in sent.items()
        if name.startswith(TAKE) and value == "gone"
    ]
    merge(session, at.model, id, other, take)
    return RedirectResponse(f"{at.path}/duplicates", 303)


@router.post("/archive/{kind}/duplicates/undo")
def undo_both(at: At, session: WriteSession, batch: Annotated[UUID, Form()]) -> Response:
    _demand(at, session)
    back = undo_merge(session, at.model, batch)
    return RedirectResponse(f"{at.path}/{back.id}", 303)


def _demand(at: Desk, session: ScopedSession) -> None:
    if not may_merge(session, at.model):
        raise ForbiddenError(_NOT_YOURS)
