"""What a blind count hides on every other page while it is open (INV-22).

Whoever works in the store sees no quantity of what is being counted; head office, whose right to
stock reaches the whole chain, does, and once it is handed in, whoever may post it.
"""

from uuid import UUID

from sqlalchemy import select

from hub.archive.stocktakes.models import StocktakeLine
from hub.archive.stocktakes.records import Stocktake, StocktakeStatus
from hub.kit.db import ScopedSession
from hub.security.actor import Actor
from hub.web.stock_stores import READ

POST = "stocktakes.post"


def hidden_items(session: ScopedSession, actor: Actor, store_id: UUID) -> frozenset[UUID]:
    """The items of a store whose quantity this person must not see now."""
    if actor.reach(READ) is None and actor.may(READ, store_id):
        return frozenset()
    open_in = [StocktakeStatus.COUNTING]
    if not actor.may(POST, store_id):
        open_in.append(StocktakeStatus.REVIEW)
    wanted = (
        select(StocktakeLine.item_id)
        .join(Stocktake, Stocktake.id == StocktakeLine.stocktake_id)
        .where(
            Stocktake.store_id == store_id,
            Stocktake.is_blind.is_(True),
            Stocktake.status.in_(open_in),
        )
    )
    return frozenset(session.scalars(wanted))
