"""The rules of approvals, which administrators keep."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import insert, select, update

from hub.errors import ConflictError, NotFoundError, T
from hub.kit.asker import Asker
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.records.log import note
from hub.security.approvals.giving import Giving, demand
from hub.security.approvals.models import ApprovalRule
from hub.security.models import Role


class Rules:
    """The rules of a chain, which administrators keep."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def listed(self, chain_id: UUID) -> list[ApprovalRule]:
        query = select(ApprovalRule).where(
            ApprovalRule.chain_id == chain_id, ApprovalRule.ended_at.is_(None)
        )
        with self._db.system_read("approvals") as connection:
            rows = connection.execute(query.order_by(ApprovalRule.id)).all()
        return [ApprovalRule(**row._mapping) for row in rows]

    def add(self, chain_id: UUID, rule: ApprovalRule, asker: Asker) -> None:
        """ConflictError when a step has no role of the chain."""
        with self._db.system("approvals") as connection:
            known = set(connection.scalars(select(Role.code).where(Role.chain_id == chain_id)))
            steps: Iterable[str] = rule.steps
            if not rule.steps or not set(steps) <= known:
                raise ConflictError(T("请选择审批的角色。", "Choose the roles that approve."))
            told = {
                name: getattr(rule, name)
                for name in ("record_type", "action", "field", "above", "steps", "deadline_h")
            }
            connection.execute(insert(ApprovalRule).values(chain_id=chain_id, **told))
            kept = {name: [None, value] for name, value in told.items()}
            note(connection, "approval_rule_added", asker, chain_id=chain_id, values=kept)

    def end(
        self, chain_id: UUID, rule_id: UUID, asker: Asker, *, is_approved: bool = False
    ) -> None:
        if not is_approved:
            rule = next((one for one in self.listed(chain_id) if one.id == rule_id), None)
            told = {"action": rule.action, "record_type": rule.record_type} if rule else {}
            demand(self._db, chain_id, Giving("approval_rules", rule_id, told), asker)
        which = (ApprovalRule.id == rule_id, ApprovalRule.chain_id == chain_id)
        with self._db.system("approvals") as connection:
            ended = update(ApprovalRule).where(*which).values(ended_at=utc_now())
            if not connection.execute(ended).rowcount:
                raise NotFoundError(T("没有这条规则。", "There is no such rule."))
            kept = {"rule": [str(rule_id), None]}
            note(connection, "approval_rule_ended", asker, chain_id=chain_id, values=kept)
