"""/{record-type}/duplicates and merges, for the record types that know what makes two the same."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from annotated_types import Len
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from hub.archive.catalogue import RECORD_TYPES
from hub.archive.merging import merge
from hub.errors import NotFoundError, T
from hub.kit.db import Record
from hub.kit.merging.service import demand_merges, recent, undo_merge
from hub.kit.merging.twins import likely
from hub.kit.records.declare import path_of
from hub.web.deps import ReadSession, WriteSession, seen
from hub.web.once import OnceRoute

FIELDS_MAX = 200
_NONE = T("没有这次合并，或已过 30 天。", "There is no such merge, or it is over 30 days old.")


class PairRead(BaseModel):
    """Two records that agree in the fields of `why`."""

    one: UUID
    other: UUID
    why: list[str]


class MergeWrite(BaseModel):
    """`goes` is archived; of the fields in `take` its value is kept, of all others that of who
    stays."""

    model_config = ConfigDict(extra="forbid")

    goes: UUID
    take: Annotated[list[str], Len(max_length=FIELDS_MAX)] = []


class MergeRead(BaseModel):
    """What the undo of a merge is told."""

    batch: UUID


def _pairs(model: type[Record]) -> Callable[..., Any]:
    def list_pairs(session: ReadSession) -> list[PairRead]:
        demand_merges(session, model)
        return [
            PairRead(one=p.one.id, other=p.other.id, why=[field.name for field in p.why])
            for p in likely(session, model)
        ]

    return list_pairs


def _merge(model: type[Record]) -> Callable[..., Any]:
    def merge_records(session: WriteSession, id: UUID, body: MergeWrite) -> MergeRead:
        """What names the other record, its photos and its comments come along."""
        return MergeRead(batch=merge(session, model, id, body.goes, body.take))

    return merge_records


def _undo(model: type[Record]) -> Callable[..., Any]:
    def undo_merge_of(session: WriteSession, id: UUID, body: MergeRead) -> None:
        """Within 30 days, as long as nobody has changed the same fields since."""
        known = [one.batch_id for one in recent(session, model) if one.kept.id == id]
        if body.batch not in known:
            raise NotFoundError(_NONE)
        undo_merge(session, model, body.batch)

    return undo_merge_of


def _routes(model: type[Record]) -> APIRouter:
    path, noun = path_of(model), model.__tablename__
    made = APIRouter(prefix=f"/{path}", tags=[path], route_class=OnceRoute)
    made.add_api_route("/duplicates", _pairs(model), operation_id=f"duplicates_{noun}")
    made.add_api_route(
        "/{id}/merge",
        _merge(model),
        dependencies=[seen(model)],
        methods=["POST"],
        operation_id=f"merge_{noun}",
    )
    made.add_api_route(
        "/{id}/merge/undo",
        _undo(model),
        dependencies=[seen(model)],
        methods=["POST"],
        status_code=204,
        operation_id=f"undo_merge_{noun}",
    )
    return made


router = APIRouter()
for _model in RECORD_TYPES:
    if _model.__record__.twins:
        router.include_router(_routes(_model))
