"""Approvals as pages: what waits for me, one request, and the rules."""

from datetime import datetime, time
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.archive.catalogue import RECORD_TYPES
from hub.errors import InvalidError, T
from hub.kit.records.declare import fields_of
from hub.security.accounts import Grant
from hub.security.approvals.giving import GIVE
from hub.security.approvals.models import ApprovalRequest, ApprovalRule
from hub.security.approvals.rules import Rules
from hub.security.people import People
from hub.security.role_book import RoleBook
from hub.web.approvals import desk_of
from hub.web.audit_words import action_words, change_words, type_words
from hub.web.deps import ByPerson, CurrentUser, From, Hub, ReadSession, asker_for, require
from hub.web.language import say
from hub.web.pages.people import Names, names
from hub.web.pages.roles import keeper
from hub.web.rendering import DEFAULT_ZONE, View
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False)
Short = Annotated[str, Form(max_length=60)]
_PLAIN = ("create", "update", "archive", "restore", "export", GIVE)
_DECLARED = {a.name: a.label for m in RECORD_TYPES for a in m.__record__.actions}
RULED = {name: action_words(name) for name in _PLAIN} | _DECLARED
STATES = {
    "waiting": (T("等待审批", "waiting"), "medium"),
    "approved": (T("已批准，可以导出", "approved, may be used"), "ok"),
    "done": (T("已批准并执行", "approved and done"), "ok"),
    "refused": (T("已驳回", "refused"), "critical"),
    "expired": (T("已过期", "expired"), "low"),
    "failed": (T("已批准，执行失败", "approved, but it failed"), "high"),
}


@router.get("/approvals")
def listed(view: CurrentView, services: Hub, actor: CurrentUser) -> Response:
    desk = desk_of(services)
    people = People(services.db, services.sign_in.passwords).listed(actor.chain_id)
    return view.page(
        "approvals.html",
        open=desk.cases(actor),
        closed=desk.cases(actor, is_open=False)[:20],
        people=[(p.id, p.name) for p in people if p.id != actor.user_id and not p.archived_at],
        **_words(view),
    )


@router.get("/approvals/{id}")
def show(
    view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser, id: UUID
) -> Response:
    case = desk_of(services).case(actor, id)
    roles = {
        one.code: say(view.language, one.name)
        for one in RoleBook(services.db).listed(actor.chain_id)
    }
    known = names(view, session, services, actor)
    changes = _changes(known, case.request)
    return view.page("approval.html", case=case, roles=roles, changes=changes, **_words(view))


def _changes(known: Names, request: ApprovalRequest) -> list[tuple[T, str, str]]:
    """Each field with what it will be; roles by name, secrets by name alone."""
    change: dict[str, Any] = dict(request.change)
    if request.action == GIVE and request.record_type == "users":
        for name in {"before", "grants"} & change.keys():
            change[f"{name}_"] = _roles(known, change.pop(name))
    before, after = (set(change.pop(name, ())) for name in ("before", "rights"))
    told = change | dict.fromkeys(request.secret_fields or (), "••••")
    words = change_words(request.record_type, {name: [None, one] for name, one in told.items()})
    moved = [f"+ {one}" for one in sorted(after - before)]
    moved += [f"− {one}" for one in sorted(before - after)]
    return [*words, (T("权限", "Rights"), "", ", ".join(moved))] if moved else words


def _roles(known: Names, grants: list[list[str]]) -> str:
    return ", ".join(
        known.grant(Grant(code, UUID(store) if store else None)) for code, store in grants
    )


@router.post("/approvals/{id}/decide", dependencies=[ByPerson])
def decide(
    services: Hub,
    actor: CurrentUser,
    origin: From,
    id: UUID,
    *,
    verdict: Short,
    why: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    is_yes = verdict == "yes"
    if not is_yes and not why.strip():
        raise InvalidError(T("请写明驳回原因。", "Say why you refuse."))
    desk_of(services).decide(actor, id, is_yes=is_yes, why=why, asker=asker_for(actor, origin))
    return RedirectResponse(f"/approvals/{id}", 303)


@router.post("/approvals/delegate", dependencies=[ByPerson])
def delegate(
    services: Hub, actor: CurrentUser, origin: From, *, to: Short = "", until: Short = ""
) -> Response:
    try:
        person = UUID(to) if to else None
        day = datetime.fromisoformat(until).date() if person else datetime.now(DEFAULT_ZONE).date()
    except ValueError as error:
        raise InvalidError(T("请选择人和日期。", "Choose a person and a day.")) from error
    end = datetime.combine(day, time.max, DEFAULT_ZONE)
    desk_of(services).delegate(actor, person, end, asker_for(actor, origin))
    return RedirectResponse("/approvals", 303)


@router.get("/admin/approval-rules", dependencies=[require("roles.read")])
def rules(view: CurrentView, services: Hub, actor: CurrentUser) -> Response:
    roles = RoleBook(services.db).listed(actor.chain_id)
    types = [(m.__tablename__, say(view.language, m.__record__.label)) for m in RECORD_TYPES]
    names = {f.name: f.label for m in RECORD_TYPES for f in fields_of(m).values() if f.is_number}
    names |= {one.name: one.label for m in RECORD_TYPES for one in m.__record__.computed}
    return view.page(
        "approval-rules.html",
        rules=Rules(services.db).listed(actor.chain_id),
        roles=[(one.code, say(view.language, one.name)) for one in roles],
        types=types,
        actions=[(one, say(view.language, label)) for one, label in RULED.items()],
        fields=[(name, say(view.language, label)) for name, label in names.items()],
        may_keep=actor.reach("roles.update") is None,
        **_words(view),
    )


@router.post("/admin/approval-rules", dependencies=[require("roles.read"), ByPerson])
def add_rule(
    services: Hub,
    actor: CurrentUser,
    origin: From,
    *,
    record_type: Short,
    action: Short,
    field: Short = "",
    above: Annotated[int, Form(ge=0, le=10**12)] = 0,
    first: Short,
    second: Short = "",
    deadline_h: Annotated[int, Form(ge=1, le=24 * 60)] = 72,
) -> Response:
    keeper(actor)
    known = {m.__tablename__ for m in RECORD_TYPES} | {"*"}
    if action == GIVE:
        record_type, field = "*", ""
    if record_type not in known or action not in RULED:
        raise InvalidError(T("请选择对象和动作。", "Choose a subject and an action."))
    rule = ApprovalRule(
        record_type=record_type,
        action=action,
        field="rows" if action == "export" else field,
        above=above,
        steps=[role for role in (first, second) if role],
        deadline_h=deadline_h,
    )
    Rules(services.db).add(actor.chain_id, rule, asker_for(actor, origin))
    return RedirectResponse("/admin/approval-rules", 303)


@router.post("/admin/approval-rules/{id}/end", dependencies=[require("roles.read"), ByPerson])
def end_rule(services: Hub, actor: CurrentUser, origin: From, id: UUID) -> Response:
    keeper(actor)
    Rules(services.db).end(actor.chain_id, id, asker_for(actor, origin))
    return RedirectResponse("/admin/approval-rules", 303)


def _words(view: View) -> dict[str, Any]:
    return {
        "states": STATES,
        "action_words": action_words,
        "type_words": type_words,
        "any_type": say(view.language, T("所有档案", "every record type")),
    }
