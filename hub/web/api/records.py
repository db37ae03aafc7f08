"""/{record-type}: the same routes for every record type of the archive, and /record-types.

Typed by the models of `hub.kit.records.schemas`; every operation has its own id in OpenAPI.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from annotated_types import Len
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, StringConstraints

from hub.archive.catalogue import RECORD_TYPES
from hub.kit.comments.models import TEXT_MAX
from hub.kit.comments.service import MENTIONED_MAX, Said, comments, say
from hub.kit.db import Record
from hub.kit.records.access import load, right_of
from hub.kit.records.actions import perform
from hub.kit.records.apply import Action, Change, apply, undo
from hub.kit.records.custom import custom_fields, fields_in
from hub.kit.records.declare import path_of, rights_of
from hub.kit.records.describe import RecordTypeRead, describe, query_parameters
from hub.kit.records.history import Past, history
from hub.kit.records.query import parse, rows, total
from hub.kit.records.schemas import Doing, Page, Schema, schemas_of
from hub.kit.records.sight import read_of
from hub.web.colleagues import colleagues
from hub.web.deps import CurrentUser, ReadSession, WriteSession, seen
from hub.web.etags import IfMatch, IfNoneMatch, demand_match, etag_of, is_known, tagged
from hub.web.once import OnceRoute

SEQ_MAX = 2**53
Before = Annotated[int | None, Query(ge=1, le=SEQ_MAX, description="older than this seq")]


class ChangeRead(BaseModel):
    """One row of a record's history; `values` is {field: [before, after]}."""

    seq: int
    at: datetime
    action: str
    version: int | None
    by: str
    reason: str
    values: dict[str, tuple[Any, Any]]

    @staticmethod
    def of(row: Past) -> "ChangeRead":
        return ChangeRead(
            seq=row.seq,
            at=row.at,
            action=row.action,
            version=row.version,
            by=row.asker_name,
            reason=row.reason,
            values={name: (pair[0], pair[1]) for name, pair in row.values.items()},
        )


def _list(model: type[Record]) -> Callable[..., Any]:
    def list_records(session: ReadSession, request: Request) -> Schema:
        query = parse(model, request.query_params.multi_items(), fields_in(session, model))
        found = rows(session, model, query)
        read = schemas_of(model).read
        items = [read_of(record) for record in found.items]
        return Page[read](items=items, next=found.next, total=total(session, model, query))  # type: ignore[valid-type]  # made from fields

    return list_records


def _get(model: type[Record]) -> Callable[..., Any]:
    def get_record(session: ReadSession, id: UUID, known: IfNoneMatch = None) -> Response:
        record = load(session, model, id)
        body = read_of(record).model_dump_json().encode()
        tag = {"ETag": etag_of(record, body)}
        if is_known(tag["ETag"], known):
            return Response(status_code=304, headers=tag)
        return Response(body, media_type="application/json", headers=tag)

    return get_record


def _create(model: type[Record]) -> Callable[..., Any]:
    def create_record(session: WriteSession, response: Response, body: Schema) -> Schema:
        made = apply(session, model, Change(values=body.model_dump(exclude_unset=True)))
        response.headers["Location"] = f"/api/v1/{path_of(model)}/{made.id}"
        return tagged(response, made)

    return _typed(create_record, schemas_of(model).create)


def _update(model: type[Record]) -> Callable[..., Any]:
    def update_record(
        session: WriteSession, response: Response, id: UUID, body: Schema, match: IfMatch = None
    ) -> Schema:
        """Only the fields given. With `version` a clash with somebody else's change answers 409."""
        demand_match(session, model, id, match)
        values = body.model_dump(exclude_unset=True)
        version, reason = values.pop("version", None), values.pop("reason", "")
        return tagged(response, apply(session, model, Change(id, values, version, reason)))

    return _typed(update_record, schemas_of(model).update)


def _archive(model: type[Record]) -> Callable[..., Any]:
    def archive_record(session: WriteSession, id: UUID, match: IfMatch = None) -> None:
        """The record leaves the lists; its history stays, and it can be restored."""
        demand_match(session, model, id, match)
        apply(session, model, Change(id, action=Action.ARCHIVE))

    return archive_record


def _restore(model: type[Record]) -> Callable[..., Any]:
    def restore_record(session: WriteSession, response: Response, id: UUID) -> Schema:
        return tagged(response, apply(session, model, Change(id, action=Action.RESTORE)))

    return restore_record


def _history(model: type[Record]) -> Callable[..., Any]:
    def list_history(session: ReadSession, id: UUID, before: Before = None) -> list[ChangeRead]:
        """Newest first, a hundred at a time."""
        return [ChangeRead.of(row) for row in history(session, model, id, before)]

    return list_history


def _undo(model: type[Record]) -> Callable[..., Any]:
    def undo_change(
        session: WriteSession,
        response: Response,
        id: UUID,
        seq: Annotated[int, Path(ge=1, le=SEQ_MAX)],
    ) -> Schema:
        """Take one change back; 409 where a later one built on it."""
        return tagged(response, undo(session, model, id, seq))

    return undo_change


class CommentRead(BaseModel):
    """A comment; `read_by` tells of those it names whether and when they read it."""

    id: UUID
    at: datetime
    by: str
    text: str
    read_by: dict[str, datetime | None]

    @staticmethod
    def of(said: Said) -> "CommentRead":
        one = said.comment
        receipts = {mention.name: mention.read_at for mention in said.mentions}
        return CommentRead(
            id=one.id, at=one.created_at, by=one.author_name, text=one.text, read_by=receipts
        )


class CommentWrite(BaseModel):
    """`named` are ids of users who shall be told."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=TEXT_MAX)]
    named: Annotated[list[UUID], Len(max_length=MENTIONED_MAX)] = []


def _comments(model: type[Record]) -> Callable[..., Any]:
    def list_comments(session: ReadSession, id: UUID) -> list[CommentRead]:
        """The newest hundred, the oldest of them first."""
        return [CommentRead.of(said) for said in comments(session, model, id)]

    return list_comments


def _comment(model: type[Record]) -> Callable[..., Any]:
    def add_comment(session: WriteSession, id: UUID, body: CommentWrite) -> CommentRead:
        people = {one: name for one, name, _ in colleagues(session) if one in body.named}
        made = say(session, model, id, body.text, people)
        found = comments(session, model, id)
        return next(CommentRead.of(said) for said in found if said.comment.id == made.id)

    return add_comment


def _perform(model: type[Record], action: str) -> Callable[..., Any]:
    def do_action(
        session: WriteSession,
        response: Response,
        id: UUID,
        body: Doing | None = None,
        match: IfMatch = None,
    ) -> Schema:
        """409 where the record's state does not allow it, or it changed since that version."""
        demand_match(session, model, id, match)
        seen = body or Doing()
        change = Change(id, version=seen.version, reason=seen.reason)
        return tagged(response, perform(session, model, id, action, change))

    return do_action


def _typed(endpoint: Callable[..., Any], body: type[Schema]) -> Callable[..., Any]:
    """FastAPI reads the type of a body from the annotation, which only exists at run time here."""
    endpoint.__annotations__["body"] = body
    return endpoint


def _routes(model: type[Record]) -> APIRouter:
    """The routes of one record type."""
    path, noun = path_of(model), model.__tablename__
    made = APIRouter(prefix=f"/{path}", tags=[path], route_class=OnceRoute)
    read = schemas_of(model).read
    page = Page[read]  # type: ignore[valid-type]  # made from fields
    query = {"parameters": query_parameters(model)}
    add = made.add_api_route
    add("", _list(model), response_model=page, operation_id=f"list_{noun}", openapi_extra=query)
    add(
        "",
        _create(model),
        methods=["POST"],
        status_code=201,
        response_model=read,
        operation_id=f"create_{noun}",
    )
    _one(made, model, read)
    _life(made, model, read)
    return made


def _one(made: APIRouter, model: type[Record], read: type[Schema]) -> None:
    """One record: seen, changed, archived."""
    noun, one = model.__tablename__, "/{id}"
    made.add_api_route(
        one,
        _get(model),
        response_model=read,
        operation_id=f"get_{noun}",
        responses={304: {"description": "As you have it"}},
    )
    made.add_api_route(
        one,
        _update(model),
        methods=["PATCH"],
        response_model=read,
        operation_id=f"update_{noun}",
    )
    made.add_api_route(
        one,
        _archive(model),
        methods=["DELETE"],
        status_code=204,
        operation_id=f"archive_{noun}",
    )


def _life(made: APIRouter, model: type[Record], read: type[Schema]) -> None:
    """History, undo, restore and what else is done to such a record."""
    noun = model.__tablename__
    made.add_api_route(
        "/{id}/restore",
        _restore(model),
        methods=["POST"],
        response_model=read,
        operation_id=f"restore_{noun}",
    )
    made.add_api_route("/{id}/history", _history(model), operation_id=f"history_{noun}")
    made.add_api_route("/{id}/comments", _comments(model), operation_id=f"comments_{noun}")
    made.add_api_route(
        "/{id}/comments",
        _comment(model),
        dependencies=[seen(model)],
        methods=["POST"],
        status_code=201,
        operation_id=f"comment_{noun}",
    )
    made.add_api_route(
        "/{id}/history/{seq}/undo",
        _undo(model),
        methods=["POST"],
        response_model=read,
        operation_id=f"undo_{noun}",
    )
    for action in model.__record__.actions:
        made.add_api_route(
            f"/{{id}}/{action.name}",
            _perform(model, action.name),
            methods=["POST"],
            response_model=read,
            operation_id=f"{action.name}_{noun}",
            summary=f"{action.label.zh} · {action.label.en}",
        )


router = APIRouter()


@router.get("/record-types", tags=["record-types"], operation_id="list_record_types")
def list_record_types(actor: CurrentUser, session: ReadSession) -> list[RecordTypeRead]:
    """Every record type that the asker may read, with its fields."""
    readable = [m for m in RECORD_TYPES if actor.may(right_of(m, "read"))]
    return [
        describe(
            m, [a for a in rights_of(m) if actor.may(right_of(m, a))], custom_fields(session, m)
        )
        for m in readable
    ]


for _model in RECORD_TYPES:
    router.include_router(_routes(_model))
