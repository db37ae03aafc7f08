"""/archive/{record-type}/…: form, record and history, the same for every record type."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.errors import FieldsError, T
from hub.kit.comments.service import comments
from hub.kit.db import Record, ScopedSession
from hub.kit.preferences.service import prefer
from hub.kit.records.access import load, may, may_see, right_of
from hub.kit.records.actions import perform, possible
from hub.kit.records.apply import Action, Change, VersionConflictError, apply, undo
from hub.kit.records.custom import applies, fields_in, held
from hub.kit.records.declare import Field, fields_of, path_of, store_of, title_of
from hub.kit.records.finding import name_in_full, suggest
from hub.kit.records.history import history
from hub.kit.records.kinds import Kind, Show
from hub.kit.records.reveal import REVEAL, reveal
from hub.web.api.files import owner_of
from hub.web.colleagues import colleagues
from hub.web.deps import ReadSession, WriteSession
from hub.web.pages.login import own_address
from hub.web.records.copies import copy_of
from hub.web.records.desk import At, Desk, Posted
from hub.web.records.finders import resolved
from hub.web.records.forms import Typed, defaults, values_of, written_in
from hub.web.records.related import related
from hub.web.records.state import OURS
from hub.web.records.timeline import timeline

router = APIRouter(include_in_schema=False)
SEQ_MAX = 2**53
Seq = Annotated[int, Path(ge=1, le=SEQ_MAX)]
_CLASH = T(
    "别人刚把这一项改成“{now}”；再次保存就用您写的值。",
    "Somebody just changed this to “{now}”; save again to use yours.",
)
_CLASHED = T(
    "您打开表单之后，别人改了同样的内容。",
    "Somebody changed the same fields after you opened this form.",
)


@router.get("/archive/{kind}/new")
def show_new(at: At, session: ReadSession, copy: UUID | None = None) -> Response:
    """Values may come in the address, `?store_id=…`, or from a record that is copied."""
    at.actor.demand(right_of(at.model, "create"))
    first = defaults(written_in(session, at.model))
    asked = {k: v for k, v in at.view.request.query_params.items() if k in first}
    copied = copy_of(session, load(session, at.model, copy)) if copy else {}
    form = at.forms(session).form(first | copied | asked, first)
    return at.form_page(session, form=form, record=None, clash="")


@router.post("/archive/{kind}/new")
def create(at: At, session: WriteSession, sent: Posted) -> Response:
    typed = Typed.of(sent)
    values = resolved(session, at.model, typed.given(written_in(session, at.model)))
    try:
        record = apply(session, at.model, Change(values=values, reason=typed.reason))
    except FieldsError as error:
        if not error.fields:
            raise
        form = at.forms(session).form(typed.values, typed.was, error.fields)
        return at.form_page(session, status=422, form=form, record=None, clash="")
    if sent.get("again"):
        store = f"?store_id={store_of(record)}" if "store_id" in fields_of(at.model) else ""
        return RedirectResponse(f"/archive/{path_of(at.model)}/new{store}", 303)
    return _to(record)


@router.post("/archive/{kind}/fields")
def choose_fields(at: At, session: WriteSession, sent: Posted) -> Response:
    """Few fields or all of them, in every form of this part of the archive (UX-10)."""
    prefer(session, at.full_key, 1 if sent.get("full") else None)
    return RedirectResponse(own_address(sent.get("back", at.path)), 303)


@router.get("/archive/{kind}/suggest")
def show_suggestions(at: At, session: ReadSession) -> Response:
    """Options of an input that names such a record; it sends its text under its own name."""
    asked = at.view.request.query_params.items()
    typed = next((value for name, value in asked if name not in OURS), "")
    names = [name_in_full(record) for record in suggest(session, at.model, typed)]
    return at.view.page("records/suggestions.html", names=names)


@router.get("/archive/{kind}/{id}")
def show_record(at: At, session: ReadSession, id: UUID) -> Response:
    record = load(session, at.model, id)
    store_id = store_of(record)
    cells = at.cells(session, record)
    facts = {
        field: (at.say(field.label), cells.of(field, record))
        for field in fields_in(session, at.model).values()
        if field.spec.kind is not Kind.LINES and _belongs(record, field)
    }
    with_lines = [f for f in fields_of(at.model).values() if f.spec.kind is Kind.LINES]
    computed = [
        (at.say(one.label), cells.computed(one, record)) for one in at.model.__record__.computed
    ]
    return at.page(
        "records/record.html",
        record=record,
        title=title_of(record),
        facts=[fact for field, fact in facts.items() if not field.has(Show.ADVANCED)] + computed,
        is_full=at.is_full(session),
        more=[fact for field, fact in facts.items() if field.has(Show.ADVANCED)],
        tables=[cells.table(field, record) for field in with_lines],
        steps=timeline(at.view, session, at.model, history(session, at.model, id)),
        may_update=may(session, at.model, "update", store_id) and not record.locked(),
        locked=at.say(record.locked() or T("", "")),
        actions=[(a.name, at.say(a.label), a.is_final) for a in possible(session, record)],
        secrets=_secrets(at, session, record),
        may_archive=may(session, at.model, "archive", store_id),
        may_create=at.may_create(),
        files=at.services.files.listed(session, owner_of(record)),
        related=related(at.view, session, record),
        comments=comments(session, at.model, id),
        colleagues=colleagues(session),
        live_href=f"/stores/{store_id}" if store_id else "",
    )


def _belongs(record: Record, field: Field) -> bool:
    """Attributes of other categories stay out of sight, unless something was written there."""
    values = {name: getattr(record, name, None) for name, _ in field.where}
    return applies(field, values) or held(record, field) is not None


def _secrets(at: Desk, session: ScopedSession, record: Record) -> list[tuple[str, str]]:
    """(name, label) of what the visitor may ask to see."""
    if not may_see(session, at.model, REVEAL, store_of(record)):
        return []
    fields = fields_of(at.model).values()
    return [(f.name, at.say(f.label)) for f in fields if f.is_secret and getattr(record, f.name)]


@router.post("/archive/{kind}/{id}/reveal")
def show_secrets(at: At, session: WriteSession, id: UUID, sent: Posted) -> Response:
    """Everything sealed of one record, shown once; the look and its reason are in the history."""
    record, reason = load(session, at.model, id), sent.get("reason", "")
    shown = [
        (label, reveal(session, record, fields_of(at.model)[name].attribute, reason) or "")
        for name, label in _secrets(at, session, record)
    ]
    return at.page(
        "records/secrets.html", record=record, title=title_of(record), secrets=shown, reason=reason
    )


@router.post("/archive/{kind}/{id}/do/{action}")
def do_action(at: At, session: WriteSession, id: UUID, action: str, sent: Posted) -> Response:
    version = sent.get("version", "")
    is_number = version.isdecimal() and len(version) < 10
    seen = Change(id, version=int(version) if is_number else None)
    return _to(perform(session, at.model, id, action, seen))


@router.get("/archive/{kind}/{id}/edit")
def show_form(at: At, session: ReadSession, id: UUID) -> Response:
    record = load(session, at.model, id)
    at.actor.demand(right_of(at.model, "update"), store_of(record))
    values = values_of(record, written_in(session, at.model))
    form = at.forms(session).form(values, values, version=record.version)
    return at.form_page(session, form=form, record=record, clash="")


@router.post("/archive/{kind}/{id}/edit")
def update(at: At, session: WriteSession, id: UUID, sent: Posted) -> Response:
    typed = Typed.of(sent)
    values = resolved(session, at.model, typed.changes(written_in(session, at.model)))
    change = Change(id, values, typed.version, typed.reason)
    try:
        return _to(apply(session, at.model, change))
    except VersionConflictError as error:
        return _clashed(at, session, load(session, at.model, id), typed, error)
    except FieldsError as error:
        if not error.fields:
            raise
        record = load(session, at.model, id)
        shown = values_of(record, written_in(session, at.model)) | dict(typed.values)
        form = at.forms(session).form(shown, typed.was, error.fields, typed.version)
        return at.form_page(session, status=422, form=form, record=record, clash="")


def _clashed(
    at: Desk, session: ScopedSession, record: Record, typed: Typed, error: VersionConflictError
) -> Response:
    """The form again: both values of every clashing field; saving once more takes the visitor's."""
    fields, cells = fields_in(session, at.model), at.cells(session, record)
    now = values_of(record, written_in(session, at.model))
    errors = {
        name: _CLASH.format(now=cells.of(fields[name], record).text) for name in error.clashes
    }
    was = {**typed.was, **{name: now[name] for name in error.clashes}}
    form = at.forms(session).form(now | dict(typed.values), was, errors, error.version)
    clash = at.say(_CLASHED)
    return at.form_page(session, status=409, form=form, record=record, clash=clash)


@router.post("/archive/{kind}/{id}/archive")
def archive(at: At, session: WriteSession, id: UUID) -> Response:
    return _to(apply(session, at.model, Change(id, action=Action.ARCHIVE)))


@router.post("/archive/{kind}/{id}/restore")
def restore(at: At, session: WriteSession, id: UUID) -> Response:
    return _to(apply(session, at.model, Change(id, action=Action.RESTORE)))


@router.post("/archive/{kind}/{id}/undo/{seq}")
def undo_step(at: At, session: WriteSession, id: UUID, seq: Seq) -> Response:
    return _to(undo(session, at.model, id, seq))


def _to(record: Record) -> Response:
    return RedirectResponse(f"/archive/{path_of(type(record))}/{record.id}", 303)
