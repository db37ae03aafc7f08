"""Who may take on alerts of a store: the people whose roles let them act on alerts there."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select

from hub.kit.db import ScopedSession
from hub.security.models import Role, RoleRight, UserRole
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


def with_role(session: ScopedSession, store_id: UUID, code: str) -> Sequence[User]:
    """Active people who have this role in the store, or in the whole chain, the nearer first."""
    rows = (
        select(UserRole.user_id, UserRole.store_id)
        .join(Role, Role.id == UserRole.role_id)
        .where(Role.code == code, or_(UserRole.store_id.is_(None), UserRole.store_id == store_id))
    )
    near = {user: place is not None for user, place in session.execute(rows)}
    people = select(User).where(User.id.in_(near), User.archived_at.is_(None))
    found = session.scalars(people.order_by(User.name)).all()
    own = [one for one in found if near[one.id]]
    return own or found
