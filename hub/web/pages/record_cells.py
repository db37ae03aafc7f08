"""/archive/{record-type}/{id}/cells/{field}: one value of a list, changed where it stands."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from hub.errors import FieldsError, HubError, NotFoundError, T
from hub.kit.db import Record, ScopedSession
from hub.kit.records.access import load
from hub.kit.records.apply import Change, VersionConflictError, apply
from hub.kit.records.custom import fields_in, held
from hub.kit.records.declare import Field, store_of
from hub.kit.records.names import names_of
from hub.web.deps import ReadSession, WriteSession
from hub.web.packing import packed_json
from hub.web.records.columns import EDITED, NAME
from hub.web.records.desk import At, Desk, Posted
from hub.web.records.filters import NO_FIELD
from hub.web.records.forms import Typed, values_of
from hub.web.records.sheet import Column, Sheet

router = APIRouter(include_in_schema=False)
SAVED = T("{label}已保存", "{label} saved")
CLASH = T(
    "别人刚把它改成“{now}”。再按一次回车用您的，按 Esc 用别人的。",
    "Somebody just changed it to “{now}”. Enter again takes yours, Esc theirs.",
)


def edited(at: Desk, session: ScopedSession, name: str) -> Field:
    field = fields_in(session, at.model).get(name)
    if field is None or field.spec.kind not in EDITED:
        raise NotFoundError(NO_FIELD)
    return field


@router.get("/archive/{kind}/{id}/cells/{field}")
def show_cell(at: At, session: ReadSession, id: UUID, field: str, shown: bool = False) -> Response:
    """The input for one value; with `shown` the value as the list shows it."""
    declared = edited(at, session, field)
    record = load(session, at.model, id)
    if shown:
        return packed_json(at.view.request, _told(at, session, record, declared))
    at.actor.demand(f"{at.model.__record__.rights}.update", store_of(record))
    value = values_of(record, {field: declared})[field]
    drawn = at.forms(session).one(declared, value, store_of(record))
    return at.page("records/cell.html", input=drawn, was=value)


@router.post("/archive/{kind}/{id}/cells/{field}")
def change_cell(at: At, session: WriteSession, id: UUID, field: str, sent: Posted) -> Response:
    declared = edited(at, session, field)
    typed = Typed.of({field: sent.get("value", ""), "version": sent.get("version", "")})
    change = Change(id, typed.all({field: declared}), typed.version)
    request = at.view.request
    try:
        record = apply(session, at.model, change)
    except VersionConflictError as error:
        record = load(session, at.model, id)
        now = at.cells(session, record).of(declared, record).text
        clash = {"error": at.say(CLASH.format(now=now)), "version": error.version}
        return packed_json(request, clash, 409)
    except HubError as error:
        text = error.fields.get(field, error.text) if isinstance(error, FieldsError) else error.text
        return packed_json(request, {"error": at.say(text)}, error.status)
    told = _told(at, session, record, declared)
    if session.changed:
        path = f"/api/v1{at.path.removeprefix('/archive')}/{id}/history"
        told |= {"undo": f"{path}/{session.changed[-1].seq}/undo"}
    return packed_json(request, told)


def _told(
    at: Desk, session: ScopedSession, record: Record, field: Field
) -> dict[str, str | int | bool]:
    """One value as the list draws it."""
    value = held(record, field)
    names = names_of(session, [(field, value)] if field.spec.target else [])
    column = Column(field.name, at.say(field.label), NAME, field=field)
    sheet = Sheet(at.view, at.model, [column], [record], names)
    row = sheet.body()
    html = row[row.index(">", row.index("<td")) + 1 : row.rindex("</td>")]
    return {
        "html": html,
        "empty": value is None,
        "version": record.version,
        "said": at.say(SAVED.format(label=at.say(field.label))),
    }
