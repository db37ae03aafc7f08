"""The desk: what waits for whom, saying yes or no, and doing what was approved."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from hub.errors import ConflictError, ForbiddenError, HubError, NotFoundError, T
from hub.kit.asker import Asker, bind_asker
from hub.kit.clock import utc_now
from hub.kit.db import Database, ScopedSession
from hub.kit.ids import uuid7
from hub.kit.records.apply import Action, Change, apply
from hub.kit.records.log import note
from hub.kit.records.models import model_of
from hub.kit.records.ports import Place, Wish
from hub.security.actor import Actor
from hub.security.approvals.gate import APPROVED, Pending, rule_for
from hub.security.approvals.giving import GIVE
from hub.security.approvals.models import (
    ApprovalDelegate,
    ApprovalRequest,
    ApprovalRule,
    ApprovalState,
    ApprovalVote,
)
from hub.security.models import Role, UserRole
from hub.security.records import User

_OWN = T("不能审批自己的申请。", "Nobody approves their own request.")
_TWICE = T("您已经表过态。", "You have had your say on this already.")
_NOT_YOURS = T("现在这一步不归您审批。", "This step is not yours to decide.")
_OVER = T("这个申请已经结束。", "This request is over.")
_NONE = T("没有这个申请。", "There is no such request.")
EXPORT = "export"
Whose = Callable[[UUID], Actor | None]
Perform = Callable[[ScopedSession, ApprovalRequest], None]
Give = Callable[[ApprovalRequest, Asker], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One request with what was said of it, and whether the one who looks may decide it now."""

    request: ApprovalRequest
    votes: tuple[ApprovalVote, ...]
    is_mine: bool
    may_decide: bool

    @property
    def step(self) -> int:
        return len(self.votes)


class Desk:
    """`whose` gives somebody's present rights; `perform` does a declared action of a record, and
    `give` what raises rights, in transactions of its own."""

    def __init__(self, db: Database, whose: Whose, perform: Perform, give: Give) -> None:
        self._db, self._whose, self._perform, self._give = db, whose, perform, give

    def keep(self, pending: Pending, beside: Callable[[Connection], None] | None = None) -> None:
        """Write the request down, after the change that asked for it was undone."""
        row = pending.row()
        values = {c.name: getattr(row, c.name) for c in ApprovalRequest.__table__.columns}
        values |= {"state": ApprovalState.WAITING, "outcome": ""}
        with self._db.system("approvals") as connection:
            connection.execute(insert(ApprovalRequest).values(values))
            kept = {"approval": [None, str(pending.id)]}
            about = {"chain_id": pending.chain_id, "record_type": pending.wish.record_type}
            note(connection, "approval_asked", pending.asker, **about, values=kept)
            if beside:
                beside(connection)

    def cases(self, actor: Actor, *, is_open: bool = True) -> list[Case]:
        """Requests that the actor made or may decide, newest first."""
        self._expire(actor.chain_id)
        state = ApprovalRequest.state.in_((ApprovalState.WAITING, ApprovalState.APPROVED))
        with self._db.read(actor.scope) as session:
            query = select(ApprovalRequest).where(state if is_open else ~state)
            found = session.scalars(query.order_by(ApprovalRequest.id.desc()).limit(200)).all()
            cases = [self._case(session, actor, one) for one in found]
        return [c for c in cases if c.is_mine or c.may_decide or _took_part(c, actor)]

    def case(self, actor: Actor, request_id: UUID) -> Case:
        """NotFoundError for whoever has nothing to do with it."""
        self._expire(actor.chain_id)
        with self._db.read(actor.scope) as session:
            request = session.get(ApprovalRequest, request_id)
            if request is None:
                raise NotFoundError(_NONE)
            case = self._case(session, actor, request)
        if not (case.is_mine or case.may_decide or _took_part(case, actor)):
            raise NotFoundError(_NONE)
        return case

    def decide(
        self, actor: Actor, request_id: UUID, *, is_yes: bool, why: str, asker: Asker
    ) -> ApprovalState:
        """Say yes or no at the present step; the last yes does what was asked for."""
        case = self.case(actor, request_id)
        _refuse(case, actor)
        step, last = case.step, case.step + 1 >= len(case.request.steps)
        state = ApprovalState.WAITING
        if not is_yes:
            state = ApprovalState.REFUSED
        elif last:
            state = ApprovalState.APPROVED
        self._vote(actor, case, step, is_yes, why, state, asker)
        if state is ApprovalState.APPROVED and case.request.action != EXPORT:
            return self._do(case.request)
        return state

    def finish_approved(self) -> int:
        """Do what was approved when the hub was stopped before doing it; called at its start."""
        table = ApprovalRequest
        query = select(table).where(table.state == ApprovalState.APPROVED, table.action != EXPORT)
        with self._db.system_read("approvals") as connection:
            rows = connection.execute(query).all()
        for row in rows:
            self._do(ApprovalRequest(**row._mapping))
        return len(rows)

    def use_export(
        self, session: ScopedSession, record_type: str, told: dict[str, Any]
    ) -> str | None:
        """None when this export may go: no rule, or an approval that is used up by it.

        Otherwise the address of the request, which is made here when there is none yet.
        """
        asker = session.info["asker"]
        rule = rule_for(session, record_type, EXPORT, told)
        if rule is None or asker.user_id is None:
            return None
        same = select(ApprovalRequest).where(
            ApprovalRequest.asker_id == asker.user_id,
            ApprovalRequest.record_type == record_type,
            ApprovalRequest.action == EXPORT,
            ApprovalRequest.state.in_((ApprovalState.WAITING, ApprovalState.APPROVED)),
            ApprovalRequest.deadline_at > utc_now(),
        )
        for request in session.scalars(same):
            if any(request.change[name] != told[name] for name in ("filter", "q")):
                continue
            if request.state == ApprovalState.APPROVED:
                request.state, request.ended_at = ApprovalState.DONE, utc_now()
                return None
            return f"/approvals/{request.id}"
        return self._ask_export(session, record_type, told, rule)

    def delegate(self, actor: Actor, to: UUID | None, until: datetime, asker: Asker) -> None:
        """Let somebody else decide in one's place until then; None takes it back."""
        mine = ApprovalDelegate.user_id == actor.user_id
        with self._db.system("approvals") as connection:
            connection.execute(delete(ApprovalDelegate).where(mine))
            if to is not None:
                chain = select(User.chain_id).where(User.id == to)
                if connection.scalar(chain) != actor.chain_id or to == actor.user_id:
                    raise NotFoundError(T("没有这个人。", "There is no such person."))
                row = {"user_id": actor.user_id, "delegate_id": to, "until": until}
                connection.execute(insert(ApprovalDelegate).values(chain_id=actor.chain_id, **row))
            kept = {"delegate": [None, str(to or "")]}
            note(connection, "delegated", asker, chain_id=actor.chain_id, values=kept)

    @staticmethod
    def _ask_export(
        session: ScopedSession, record_type: str, told: dict[str, Any], rule: ApprovalRule
    ) -> str:
        wish = Wish(record_type, None, None, EXPORT, told)
        pending = Pending(
            uuid7(),
            session.scope.chain_id,
            wish,
            told,
            tuple(rule.steps),
            session.info["asker"],
            rule.deadline_h,
        )
        session.add(pending.row())
        return pending.url

    def _case(self, session: ScopedSession, actor: Actor, request: ApprovalRequest) -> Case:
        query = select(ApprovalVote).where(ApprovalVote.request_id == request.id)
        votes = tuple(session.scalars(query.order_by(ApprovalVote.step)))
        is_mine = request.asker_id == actor.user_id
        may = request.state == ApprovalState.WAITING and not is_mine
        may = may and not (request.action == GIVE and request.record_id == actor.user_id)
        if may and len(votes) < len(request.steps):
            may = bool(_in_whose_place(session, actor, request, request.steps[len(votes)]))
        may = may and all(vote.voter_id != actor.user_id for vote in votes)
        return Case(request, votes, is_mine, may)

    def _vote(
        self,
        actor: Actor,
        case: Case,
        step: int,
        is_yes: bool,
        why: str,
        state: ApprovalState,
        asker: Asker,
    ) -> None:
        request = case.request
        is_over = state is not ApprovalState.WAITING
        with self._db.read(actor.scope) as session:
            place = _in_whose_place(session, actor, request, request.steps[step])
        same = update(ApprovalRequest).where(
            ApprovalRequest.id == request.id, ApprovalRequest.state == ApprovalState.WAITING
        )
        ended: dict[str, Any] = {"ended_at": utc_now()} if is_over else {}
        if state is ApprovalState.REFUSED:
            ended["secrets"] = None
        vote = {"voter_id": actor.user_id, "voter_name": actor.name, "is_yes": is_yes}
        try:
            with self._db.system("approvals") as connection:
                if not connection.execute(same.values(state=state, **ended)).rowcount:
                    raise ConflictError(_OVER)
                about = {"chain_id": actor.chain_id, "request_id": request.id, "step": step}
                place = "" if place == actor.name else place
                connection.execute(
                    insert(ApprovalVote).values(**about, **vote, note=why[:400], instead_of=place)
                )
                word = "approval_given" if is_yes else "approval_refused"
                kept = {"approval": [None, str(request.id)]}
                told = {"chain_id": actor.chain_id, "record_type": request.record_type}
                note(connection, word, asker, **told, values=kept, reason=why[:400])
        except IntegrityError as error:
            raise ConflictError(_TWICE) from error

    def _do(self, request: ApprovalRequest) -> ApprovalState:
        """Make the change as the one who asked for it, with the rights this one has now."""
        try:
            actor = self._whose(request.asker_id)
            if actor is None:
                raise ForbiddenError(T("申请人已停用。", "Who asked for it is disabled."))
            asker = Asker(actor.user_id, actor.name, actor)
            if request.action == GIVE:
                self._give(request, asker)
            else:
                with self._db.write(actor.scope) as session:
                    bind_asker(session, asker)
                    session.info[APPROVED] = request
                    self._change(session, request)
            state, outcome = ApprovalState.DONE, ""
        except HubError as error:
            state, outcome = ApprovalState.FAILED, f"{error.text.zh} / {error.text.en}"
        whose = update(ApprovalRequest).where(ApprovalRequest.id == request.id)
        with self._db.system("approvals") as connection:
            over = {"state": state, "ended_at": utc_now(), "outcome": outcome, "secrets": None}
            connection.execute(whose.values(over))
        return state

    def _change(self, session: ScopedSession, request: ApprovalRequest) -> None:
        reason = f"approval {request.id}"
        if request.action not in set(Action):
            self._perform(session, request)
            return
        seen, values = request.record_version, request.change | self._secrets(request)
        change = Change(request.record_id, values, seen, reason, action=Action(request.action))
        apply(session, model_of(request.record_type), change)

    def _secrets(self, request: ApprovalRequest) -> dict[str, Any]:
        """What was sealed with the request; HubError when the person was erased meanwhile."""
        if request.secrets is None:
            return {}
        place = Place(request.chain_id, ApprovalRequest.__tablename__, "secrets", request.id)
        opened: dict[str, Any] = json.loads(self._db.ports.vault.open(place, request.secrets))
        return opened

    def _expire(self, chain_id: UUID) -> None:
        """Requests whose deadline is over; asked before every look, so no timer is needed."""
        now = utc_now()
        late = (
            ApprovalRequest.chain_id == chain_id,
            ApprovalRequest.state.in_((ApprovalState.WAITING, ApprovalState.APPROVED)),
            ApprovalRequest.deadline_at <= now,
        )
        with self._db.system_read("approvals") as connection:
            if connection.execute(select(ApprovalRequest.id).where(*late).limit(1)).first() is None:
                return
        over = update(ApprovalRequest).where(*late)
        with self._db.system("approvals") as connection:
            connection.execute(over.values(state=ApprovalState.EXPIRED, ended_at=now, secrets=None))


def _refuse(case: Case, actor: Actor) -> None:
    if case.is_mine:
        raise ForbiddenError(_OWN)
    if case.request.state != ApprovalState.WAITING:
        raise ConflictError(_OVER)
    if any(vote.voter_id == actor.user_id for vote in case.votes):
        raise ConflictError(_TWICE)
    if not case.may_decide:
        raise ForbiddenError(_NOT_YOURS)


def _took_part(case: Case, actor: Actor) -> bool:
    return any(vote.voter_id == actor.user_id for vote in case.votes)


def _in_whose_place(
    session: ScopedSession, actor: Actor, request: ApprovalRequest, role: str
) -> str:
    """The name of the one by whose role the actor decides this step; empty: not theirs.

    Nobody decides in place of the one who asked.
    """
    instead = select(ApprovalDelegate.user_id).where(
        ApprovalDelegate.delegate_id == actor.user_id, ApprovalDelegate.until > utc_now()
    )
    people = [actor.user_id, *session.scalars(instead)]
    holders = (
        select(User.id, User.name, UserRole.store_id)
        .join(UserRole, UserRole.user_id == User.id)
        .join(Role, Role.id == UserRole.role_id)
        .where(Role.code == role, User.id.in_(people), User.archived_at.is_(None))
    )
    rows = session.execute(holders).all()
    fit = [row for row in rows if row.id != request.asker_id and _reaches(row.store_id, request)]
    own = [row.name for row in fit if row.id == actor.user_id]
    return next(iter([*own, *(row.name for row in fit)]), "")


def _reaches(store_id: UUID | None, request: ApprovalRequest) -> bool:
    return store_id is None or store_id == request.store_id
