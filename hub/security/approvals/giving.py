"""Rights that nobody raises alone: where a rule says so, more rights wait for somebody's yes.

Whoever is to get them has no say in it, and the rules themselves are under this rule as well, so
that none is ended, rights raised, and it is put back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.kit.asker import Asker
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.kit.records.ports import Wish
from hub.security.approvals.gate import ApprovalNeededError, Pending
from hub.security.approvals.models import ApprovalRule

GIVE = "give_rights"


@dataclass(frozen=True, slots=True)
class Giving:
    """What would be done: `change` in JSON, to a person, a role or a rule (None: a new one)."""

    record_type: str
    record_id: UUID | None
    change: Mapping[str, Any]


def demand(db: Database, chain_id: UUID, giving: Giving, asker: Asker) -> None:
    """Return where it may be done now; ApprovalNeededError where it is held back."""
    if asker.user_id is None:
        return
    query = select(ApprovalRule.steps, ApprovalRule.deadline_h).where(
        ApprovalRule.chain_id == chain_id,
        ApprovalRule.action == GIVE,
        ApprovalRule.ended_at.is_(None),
    )
    with db.system_read("approvals") as connection:
        rules = connection.execute(query).all()
    if not rules:
        return
    rule = max(rules, key=lambda one: len(one.steps))
    wish = Wish(giving.record_type, giving.record_id, None, GIVE, giving.change)
    pending = Pending(
        uuid7(), chain_id, wish, giving.change, tuple(rule.steps), asker, rule.deadline_h
    )
    raise ApprovalNeededError(pending)
