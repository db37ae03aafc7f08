"""Policies in force: what a person reads and accepts before anything else, and who did (SEC-23)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.archive.policies.records import Policy
from hub.errors import ForbiddenError, InvalidError, T
from hub.kit.records import query as records
from hub.kit.records.access import load
from hub.security.policies import Policies, Wording
from hub.web.deps import ByPerson, CurrentUser, From, Hub, ReadSession, SignedIn, asker_for, require
from hub.web.views import CurrentView, LobbyView

router = APIRouter(include_in_schema=False)
RIGHT = "policies.update"
_WHOLE = T(
    "制度属于全连锁，只能由管全连锁的人发布。",
    "Policies bind the whole chain; only who keeps them in all of it publishes one.",
)
_EMPTY = T("这条制度还没有正文。", "This policy has no text yet.")
_READ = T("请勾选“我已阅读”。", "Tick that you have read it.")


@router.get("/policies")
def show(view: LobbyView, services: Hub, actor: SignedIn) -> Response:
    """What stands between somebody and their work: one policy after the other."""
    waiting = Policies(services.db).waiting(actor.chain_id, actor.user_id)
    if not waiting:
        return RedirectResponse("/", 303)
    return view.page("policies.html", edition=waiting[0], more=len(waiting) - 1)


@router.post("/policies/{id}/accept")
def accept(
    services: Hub,
    actor: SignedIn,
    origin: From,
    id: UUID,
    has_read: Annotated[bool, Form()] = False,
) -> Response:
    if actor.is_program:
        raise ForbiddenError(T("由本人阅读并接受。", "The person reads and accepts it themselves."))
    if not has_read:
        raise InvalidError(_READ)
    asker = asker_for(actor, origin)
    Policies(services.db).accept(actor.chain_id, actor.user_id, id, asker)
    return RedirectResponse("/policies", 303)


@router.get("/admin/policies", dependencies=[require("policies.read")])
def listed(view: CurrentView, session: ReadSession, services: Hub, actor: CurrentUser) -> Response:
    standing = Policies(services.db).standing(actor.chain_id)
    in_force = {one.edition.policy_id: one.edition for one in standing}
    found = records.rows(session, Policy, records.Query(sort="code", size=records.MAX_SIZE))
    drafts = [
        one
        for one in found.items
        if one.id not in in_force or in_force[one.id].wording != one.wording
    ]
    return view.page(
        "policies-admin.html",
        standing=standing,
        drafts=drafts,
        in_force=in_force,
        may_keep=actor.reach(RIGHT) is None,
    )


@router.post("/admin/policies/{id}/publish", dependencies=[ByPerson])
def publish(
    session: ReadSession, services: Hub, actor: CurrentUser, origin: From, id: UUID
) -> Response:
    """The policy as it reads now binds everybody; whoever publishes it accepts it too."""
    _keeper(actor)
    policy = load(session, Policy, id)
    if not policy.wording.strip():
        raise InvalidError(_EMPTY)
    wording = Wording(policy.id, policy.title, policy.wording)
    Policies(services.db).publish(actor.chain_id, wording, asker_for(actor, origin))
    return RedirectResponse("/admin/policies", 303)


@router.post("/admin/policies/{id}/withdraw", dependencies=[ByPerson])
def withdraw(services: Hub, actor: CurrentUser, origin: From, id: UUID) -> Response:
    _keeper(actor)
    Policies(services.db).withdraw(actor.chain_id, id, asker_for(actor, origin))
    return RedirectResponse("/admin/policies", 303)


def _keeper(actor: CurrentUser) -> None:
    actor.demand(RIGHT)
    if actor.reach(RIGHT) is not None:
        raise ForbiddenError(_WHOLE)
