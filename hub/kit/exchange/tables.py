"""A table that a page shows, as a file: the same rows, and a line in the audit that it left."""

import csv
import io
from collections.abc import Iterable, Sequence
from uuid import UUID

from hub.kit.asker import asker_of
from hub.kit.exchange.exporting import Value, harmless
from hub.kit.records.log import ChangeLog
from hub.kit.session import ScopedSession


def csv_of(heads: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """With a byte order mark, as every export has it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(heads)
    writer.writerows([[harmless(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")


def note_left(session: ScopedSession, what: str, store_id: UUID, rows: int) -> None:
    """Somebody took this table out; `session` can write."""
    asker = asker_of(session)
    session.add(
        ChangeLog(
            store_id=store_id,
            record_type=what,
            action="export",
            values={"rows": [None, rows]},
            asker_id=asker.user_id,
            asker_name=asker.name,
            address=asker.address,
        )
    )
