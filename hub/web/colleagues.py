"""Who can be named: the people of the chain, whatever else one may see of them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from hub.kit.db import ScopedSession
from hub.security.records import User

COLLEAGUES_MAX = 200


def colleagues(session: ScopedSession) -> Sequence[tuple[UUID, str, str]]:
    """(id, name, user name) of everybody in the chain who can be named."""
    query = select(User.id, User.name, User.username).where(User.archived_at.is_(None))
    found = session.execute(query.order_by(User.name).limit(COLLEAGUES_MAX)).all()
    return [(one.id, one.name, one.username) for one in found]
