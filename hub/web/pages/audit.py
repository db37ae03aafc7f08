"""The audit as pages: who did what, when and from where; its chain; what was found abnormal."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, time
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import RedirectResponse
from sqlalchemy import Row
from starlette.responses import Response, StreamingResponse

from hub.kit.records.log import note
from hub.security.audit.reading import PAGE, Sought, actions, everything, page
from hub.security.audit.watch import RULES, Findings
from hub.security.people import People
from hub.web.audit_words import action_words, change_words, type_words
from hub.web.deps import ByPerson, CurrentUser, From, Hub, asker_for, require
from hub.web.language import say
from hub.web.rendering import DEFAULT_ZONE
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require("audit.read")])
Short = Annotated[str, Query(max_length=60)]


def sought(
    *,
    who: Short = "",
    what: Short = "",
    action: Short = "",
    address: Short = "",
    record: Short = "",
    start: Short = "",
    end: Short = "",
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Sought:
    """What the address asks for; what cannot be read narrows nothing."""
    return Sought(
        _uuid(who), what, action, _uuid(record), address, _day(start), _day(end, True), before
    )


Asked = Annotated[Sought, Depends(sought)]


@router.get("/admin/audit")
def listed(view: CurrentView, services: Hub, actor: CurrentUser, asked: Asked) -> Response:
    rows = page(services.db, actor, asked)
    kinds, types = actions(services.db, actor)
    people = People(services.db, services.sign_in.passwords).listed(actor.chain_id)
    filters = dict(view.request.query_params)
    filters.pop("before", None)
    more = urlencode({**filters, "before": rows[-1].seq}) if len(rows) == PAGE else ""
    return view.page(
        "audit.html",
        rows=[line(view.language, row) for row in rows],
        people=[(one.id, one.name) for one in people],
        actions=[(one, say(view.language, action_words(one))) for one in kinds],
        types=[(one, say(view.language, type_words(one))) for one in types],
        filters=filters,
        query=urlencode(filters),
        more=more,
        open_findings=len(Findings(services.db).listed(actor.chain_id)),
    )


@router.get("/admin/audit.csv")
def exported(services: Hub, actor: CurrentUser, origin: From, asked: Asked) -> Response:
    """What the filters leave, as CSV; the filters stand in its first line and in the audit."""
    told = {key: str(value) for key, value in asdict(asked).items() if value}
    with services.db.system("audit") as connection:
        values = {"filters": [None, told]}
        about = {"chain_id": actor.chain_id, "record_type": "changes", "values": values}
        note(connection, "export", asker_for(actor, origin), **about)
    rows = everything(services.db, actor, asked)
    head = {"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(_csv(rows, told), media_type="text/csv; charset=utf-8", headers=head)


@router.get("/admin/findings")
def findings(view: CurrentView, services: Hub, actor: CurrentUser) -> Response:
    found = Findings(services.db)
    return view.page(
        "findings.html",
        open=found.listed(actor.chain_id),
        closed=found.listed(actor.chain_id, is_open=False)[:20],
        rules=RULES,
        me_id=actor.user_id,
        may_close=actor.reach("users.update") is None,
    )


@router.post("/admin/findings/{id}/close", dependencies=[ByPerson, require("users.update")])
def close(
    services: Hub,
    actor: CurrentUser,
    origin: From,
    id: UUID,
    why: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    Findings(services.db).close(actor.chain_id, id, why, asker_for(actor, origin))
    return RedirectResponse("/admin/findings", 303)


def line(language: Any, row: Row[*tuple[Any, ...]]) -> dict[str, object]:
    """One row of the audit as people read it."""
    return {
        "seq": row.seq,
        "at": row.at,
        "who": row.asker_name,
        "address": row.address,
        "action": say(language, action_words(row.action)),
        "type": say(language, type_words(row.record_type)),
        "href": _href(row),
        "changes": change_words(row.record_type, row.values),
        "reason": row.reason,
    }


def _href(row: Row[*tuple[Any, ...]]) -> str:
    if row.record_id is None or row.record_type in ("sessions", "roles", "keys", "changes"):
        return ""
    if row.record_type == "users":
        return f"/admin/people/{row.record_id}"
    return f"/archive/{row.record_type.replace('_', '-')}/{row.record_id}"


def _csv(rows: Iterator[Row[*tuple[Any, ...]]], told: dict[str, str]) -> Iterator[str]:
    names = ("seq", "at", "asker_name", "address", "action", "record_type", "record_id", "reason")
    yield "\ufeff" + _line(["filters", json.dumps(told, ensure_ascii=False)])
    yield _line([*names, "values"])
    for row in rows:
        cells = [str(getattr(row, name) or "") for name in names]
        yield _line([*cells, json.dumps(row.values, ensure_ascii=False)])


def _line(cells: list[str]) -> str:
    """A cell that a spreadsheet would run as a formula is made text."""
    out = io.StringIO()
    csv.writer(out).writerow([f"'{c}" if c[:1] in ("=", "+", "-", "@", "\t") else c for c in cells])
    return out.getvalue()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return UUID(int=0)


def _day(text: str, is_end: bool = False) -> datetime | None:
    try:
        day = datetime.fromisoformat(text).date() if text else None
    except ValueError:
        return None
    if day is None:
        return None
    return datetime.combine(day, time.max if is_end else time.min, DEFAULT_ZONE)
