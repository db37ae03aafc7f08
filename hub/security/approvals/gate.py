"""The gate in the corridor of writes: holds a change back until it is approved.

It is asked for every change of a record, whoever sends it: form, cell, API, import, job, undo. The
hub's own work (nobody asks) passes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.errors import HubError, T
from hub.kit.asker import Asker, asker_of
from hub.kit.clock import utc_now
from hub.kit.ids import uuid7
from hub.kit.records.apply import Action
from hub.kit.records.models import model_of
from hub.kit.records.ports import Place, Wish, ports_of
from hub.kit.records.schemas import as_json
from hub.security.approvals.models import ApprovalRequest, ApprovalRule

APPROVED = "approved"  # in a session's `info`: the request whose change is being made now
_RULES = "approval_rules"
ANY = "*"
TABLE = ApprovalRequest.__tablename__
_NEEDED = T("这一步需要审批，已提交：{url}", "This needs an approval; it is waiting at {url}")


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that is to be kept, once the transaction that raised it is undone."""

    id: UUID
    chain_id: UUID
    wish: Wish
    change: Mapping[str, Any]
    steps: tuple[str, ...]
    asker: Asker
    deadline_h: int
    sealed: str | None = None

    @property
    def url(self) -> str:
        return f"/approvals/{self.id}"

    def row(self) -> ApprovalRequest:
        now, wish = utc_now(), self.wish
        return ApprovalRequest(
            id=self.id,
            chain_id=self.chain_id,
            store_id=wish.store_id,
            record_type=wish.record_type,
            record_id=wish.record_id,
            record_version=wish.version,
            action=wish.action,
            change=dict(self.change),
            secret_fields=list(self.wish.secrets.names) if self.wish.secrets else None,
            secrets=self.sealed,
            steps=list(self.steps),
            asker_id=self.asker.user_id,
            asker_name=self.asker.name,
            created_at=now,
            deadline_at=now + timedelta(hours=self.deadline_h),
        )


class ApprovalNeededError(HubError):
    """Not an error for people: 202 with the address of the approval."""

    status = 202

    def __init__(self, pending: Pending) -> None:
        super().__init__(_NEEDED.format(url=pending.url))
        self.pending = pending

    def members(self) -> dict[str, object]:
        return {"approval": self.pending.url}


class Gate:
    """Fulfils `hub.kit.records.ports.ApprovalGate`."""

    def demand(self, session: Session, wish: Wish) -> None:
        """Return where the change may be made now; ApprovalNeededError where it is held back."""
        asker = asker_of(session)
        if asker.user_id is None:
            return
        judged = {**wish.amounts, **wish.values}
        rule = rule_for(session, wish.record_type, wish.action, judged)
        if rule is None or self._is_approved(session, wish):
            return
        chain_id = session.info["scope"].chain_id
        change = as_json(model_of(wish.record_type), dict(wish.values))
        request_id, steps = uuid7(), tuple(rule.steps)
        kept = _sealed(session, wish, Place(chain_id, TABLE, "secrets", request_id))
        raise ApprovalNeededError(
            Pending(request_id, chain_id, wish, change, steps, asker, rule.deadline_h, kept)
        )

    @staticmethod
    def _is_approved(session: Session, wish: Wish) -> bool:
        """Whether this session makes the change of a request that was approved, and only that.

        A declared action works its values out anew (the day of sending is that of the last yes); it
        is done to the version of the record that was judged, and to no other.
        """
        approved: ApprovalRequest | None = session.info.get(APPROVED)
        if approved is None or (approved.record_type, approved.record_id, approved.action) != (
            wish.record_type,
            wish.record_id,
            wish.action,
        ):
            return False
        if wish.action not in set(Action):
            return approved.record_version == wish.version
        return bool(approved.change == as_json(model_of(wish.record_type), dict(wish.values)))


def _sealed(session: Session, wish: Wish, place: Place) -> str | None:
    """The secrets of a change, for the request alone."""
    if wish.secrets is None:
        return None
    text = json.dumps(dict(wish.secrets.open()), ensure_ascii=False)
    return ports_of(session).vault.seal(replace(place, subject_id=wish.secrets.subject_id), text)


def rule_for(
    session: Session, record_type: str, action: str, values: Mapping[str, Any]
) -> ApprovalRule | None:
    """The strictest rule that this falls under: of several amounts the highest that is reached."""
    rules: Sequence[ApprovalRule] | None = session.info.get(_RULES)
    if rules is None:
        query = select(ApprovalRule).where(ApprovalRule.ended_at.is_(None))
        rules = session.scalars(query.order_by(ApprovalRule.above.desc())).all()
        session.info[_RULES] = rules
    for rule in rules:
        is_it = rule.record_type in (record_type, ANY) and rule.action == action
        if is_it and _reaches(rule, values):
            return rule
    return None


def _reaches(rule: ApprovalRule, values: Mapping[str, Any]) -> bool:
    if not rule.field:
        return True
    value = values.get(rule.field)
    return isinstance(value, int | float) and value >= rule.above
