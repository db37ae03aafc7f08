"""Choices of the asker about the pages, kept from visit to visit and from browser to browser."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from hub.kit.asker import asker_of
from hub.kit.preferences.models import Preference
from hub.kit.session import ScopedSession


def preferences(session: ScopedSession, *keys: str) -> Mapping[str, Any]:
    """Those of these that the asker ever chose."""
    me = asker_of(session).user_id
    query = select(Preference).where(Preference.user_id == me, Preference.key.in_(keys))
    return {one.key: one.value for one in session.scalars(query)} if me else {}


def prefer(session: ScopedSession, key: str, value: object) -> None:
    """Keep a choice of the asker; None forgets it. The hub itself has no choices."""
    me = asker_of(session).user_id
    if me is None:
        return
    kept = session.get(Preference, (me, key))
    if value is None:
        if kept:
            session.delete(kept)
    elif kept:
        kept.value = value
    else:
        session.add(Preference(user_id=me, key=key, value=value))
    session.flush()
