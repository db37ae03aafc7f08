"""API and webhooks: what is told to other systems, what became of it, and what the API offers."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.archive.webhooks.records import Webhook
from hub.errors import NotFoundError, T
from hub.kit.db import ScopedSession
from hub.web.deps import CurrentUser, ReadSession, WriteSession, require
from hub.web.language import say
from hub.web.openapi import operations
from hub.web.views import CurrentView
from hub.webhooks import service
from hub.webhooks.models import DeliveryState
from hub.webhooks.service import LogQuery

router = APIRouter(include_in_schema=False)
READ = "webhooks.read"
MOST_HOOKS = 100
TONES = {
    DeliveryState.WAITING: "medium",
    DeliveryState.DELIVERED: "ok",
    DeliveryState.FAILED: "critical",
}
ALL = T("全部", "All")
_NO_PART = T("没有这一部分。", "There is no such part.")


@dataclass(frozen=True, slots=True)
class Hook:
    """One subscription and how its deliveries stand."""

    record: Webhook
    counts: dict[DeliveryState, int]


@router.get("/admin/interfaces", dependencies=[require(READ)])
def show_interfaces(
    view: CurrentView,
    session: ReadSession,
    actor: CurrentUser,
    hook: UUID | None = None,
    state: DeliveryState | None = None,
    before: UUID | None = None,
) -> Response:
    hooks = _hooks(session)
    shown = hook or (hooks[0].record.id if hooks else None)
    rows = service.deliveries(session, shown, LogQuery(state, before)) if shown else []
    page = list(rows[: service.PAGE])
    return view.page(
        "interfaces.html",
        hooks=hooks,
        shown=shown,
        rows=page,
        tones=TONES,
        labels={one: one.label for one in DeliveryState},
        segments=_states(view, state),
        older=view.here(before=page[-1].id) if len(rows) > len(page) else None,
        may_change=actor.may("webhooks.update"),
        may_create=actor.may("webhooks.create"),
    )


@router.post("/admin/interfaces/{id}/ping")
def ping(session: WriteSession, id: UUID) -> Response:
    service.ping(session, id)
    return RedirectResponse(f"/admin/interfaces?hook={id}", 303)


@router.post("/admin/interfaces/{id}/{delivery_id}/replay")
def replay(session: WriteSession, id: UUID, delivery_id: UUID) -> Response:
    service.replay(session, id, delivery_id)
    return RedirectResponse(f"/admin/interfaces?hook={id}", 303)


@router.get("/admin/interfaces/docs")
def show_docs(
    view: CurrentView, request: Request, part: Annotated[str, Query(max_length=60)] = "stores"
) -> Response:
    """The document of OpenAPI, one part of it, as a page: nothing is fetched from elsewhere."""
    document: dict[str, Any] = request.app.openapi()
    parts = _parts(document)
    if part not in parts:
        raise NotFoundError(_NO_PART)
    return view.page("interfaces-docs.html", parts=sorted(parts), part=part, operations=parts[part])


def _hooks(session: ScopedSession) -> list[Hook]:
    query = select(Webhook).where(Webhook.archived_at.is_(None)).order_by(Webhook.name)
    found = session.scalars(query.limit(MOST_HOOKS))
    return [Hook(one, service.standing(session, one.id)) for one in found]


def _states(view: CurrentView, chosen: DeliveryState | None) -> list[tuple[str, str, bool]]:
    every = (view.here(state=None, before=None), say(view.language, ALL), chosen is None)
    some = [
        (view.here(state=one.value, before=None), say(view.language, one.label), one is chosen)
        for one in DeliveryState
    ]
    return [every, *some]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation for people: `fields` are (name, type, what it is, whether it must be given)."""

    method: str
    path: str
    summary: str
    description: str
    query: list[tuple[str, str, str, bool]]
    fields: list[tuple[str, str, str, bool]]


def _parts(document: dict[str, Any]) -> dict[str, list[Operation]]:
    """Operations by their first tag."""
    found: dict[str, list[Operation]] = {}
    paths = {id(one): path for path, all_ in document["paths"].items() for one in all_.values()}
    for method, one in operations(document):
        path = paths[id(one)]
        made = Operation(
            method.upper(),
            path,
            one.get("summary", ""),
            one.get("description", ""),
            [_parameter(p) for p in one.get("parameters", ()) if p["in"] != "path"],
            _fields(document, one),
        )
        found.setdefault((one.get("tags") or ["hub"])[0], []).append(made)
    return found


def _parameter(given: dict[str, Any]) -> tuple[str, str, str, bool]:
    where = "" if given["in"] == "query" else f" ({given['in']})"
    kind = _type(given.get("schema", {})) + where
    return given["name"], kind, given.get("description", ""), given.get("required", False)


def _fields(document: dict[str, Any], one: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """The fields of a JSON body."""
    body = one.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = _resolved(document, body.get("schema", {}))
    needed = set(schema.get("required", ()))
    return [
        (name, _type(of), of.get("description", ""), name in needed)
        for name, of in schema.get("properties", {}).items()
    ]


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in (schema, *schema.get("anyOf", ())):
        if name := option.get("$ref"):
            found: dict[str, Any] = document["components"]["schemas"][name.rpartition("/")[2]]
            return found
    return schema


def _type(schema: dict[str, Any]) -> str:
    """`string`, `integer or null`, `list of uuid`, the name of another schema."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if name := schema.get("$ref"):
        return str(name).rpartition("/")[2]
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")
