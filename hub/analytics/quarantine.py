"""A receipt that was not understood, written as it should be: counted in its place (EDG-06)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Table, delete, select

from hub.analytics import tickets
from hub.analytics.stores import clocks
from hub.analytics.tables import QuarantinedTicketRow
from hub.analytics.tickets import Document, Place, Sold
from hub.errors import InvalidError, NotFoundError, T

_QUARANTINE: Table = QuarantinedTicketRow.__table__  # type: ignore[assignment]
_GONE = T("它已经修好了。", "It is repaired already.")
_WRONG = T("还是读不懂：{error}", "Still not understood: {error}")


def repair(connection: Connection, row_id: UUID, text: str, now: datetime) -> Sold | None:
    """Count it; what it sold, or None for a repeat of a known one. InvalidError says what is wrong.

    It takes the place in its agent's journal, so that it can be counted once only.
    """
    found = connection.execute(
        select(_QUARANTINE).where(_QUARANTINE.c.id == row_id).with_for_update()
    ).first()
    if found is None:
        raise NotFoundError(_GONE)
    place = Place(found.agent_id, found.epoch % (1 << 64), found.batch_id, found.item)
    document = Document(place, found.store_id, found.till, is_quarantined=False, text=text)
    known = clocks(connection)
    batch = tickets.read(connection, [document], known, now)
    if batch.refused:
        error = str(batch.refused[0]["error"])[:400]
        raise InvalidError(_WRONG.format(error=error), {"ticket": _WRONG.format(error=error)})
    sold = tickets.write(connection, batch, known)
    connection.execute(delete(_QUARANTINE).where(_QUARANTINE.c.id == row_id))
    return sold[0] if sold else None
