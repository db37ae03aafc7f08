"""Doing what raises rights once it is approved, by the rights that the one who asked has now."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from hub.errors import ForbiddenError, T
from hub.kit.asker import Asker
from hub.kit.db import Database
from hub.security.accounts import Grant
from hub.security.approvals.models import ApprovalRequest
from hub.security.approvals.rules import Rules
from hub.security.passwords import Passwords
from hub.security.people import NewPerson, People
from hub.security.role_book import RoleBook

_LOST = T("申请人已没有这项权限。", "Who asked for it may not do it any more.")
RIGHTS = {"users": "users.update", "roles": "roles.update", "approval_rules": "roles.update"}


class Handing:
    """`give` fits `Desk`; ConflictError where what was judged has changed meanwhile."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def give(self, request: ApprovalRequest, asker: Asker) -> None:
        if asker.rights.reach(RIGHTS[request.record_type]) is not None:
            raise ForbiddenError(_LOST)
        chain_id, change, about = request.chain_id, request.change, request.record_id
        if request.record_type == "roles":
            self._role(chain_id, change, asker)
        elif request.record_type == "users":
            self._person(chain_id, about, change, asker)
        elif about is not None:
            Rules(self._db).end(chain_id, about, asker, is_approved=True)

    def _role(self, chain_id: UUID, change: dict[str, Any], asker: Asker) -> None:
        RoleBook(self._db).change(
            chain_id,
            change["code"],
            name=T(change["name_zh"], change["name_en"]),
            rights=change["rights"],
            needs_second_factor=change["needs_second_factor"],
            asker=asker,
            seen=change["before"],
        )

    def _person(
        self, chain_id: UUID, user_id: UUID | None, change: dict[str, Any], asker: Asker
    ) -> None:
        people, grants = People(self._db, Passwords()), _grants(change["grants"])
        if user_id is not None:
            people.set_grants(chain_id, user_id, grants, asker, seen=change["before"])
            return
        told = (change["username"], change["name"], change["language"])
        people.add(chain_id, NewPerson(*told, grants), asker, is_approved=True)


def _grants(told: Iterable[Sequence[str]]) -> tuple[Grant, ...]:
    return tuple(Grant(code, UUID(store) if store else None) for code, store in told)
