"""Who may take on alerts of a store: the people whose roles let them act on alerts there."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select

from hub.kit.db import ScopedSession
from hub.security.models import RoleRight, UserRole
from hub.security.records import User

ACT = "alerts.update"


def able(session: ScopedSession, store_id: UUID, right: str = ACT) -> Sequence[User]:
    """Active people who hold `right` in this store, by name."""
    roles = select(RoleRight.role_id).where(RoleRight.right == right)
    holders = select(UserRole.user_id).where(
        UserRole.role_id.in_(roles),
        or_(UserRole.store_id.is_(None), UserRole.store_id == store_id),
    )
    people = select(User).where(User.id.in_(holders), User.archived_at.is_(None))
    return session.scalars(people.order_by(User.name)).all()
