"""Forgetting a customer: no name, number or word of theirs stays; what was sold and earned stays.

In this order, each step safe to repeat: consents end (and with them every health profile), the
person's own key is destroyed (with it what is sealed in the audit and in every backup), names and
words go from rows, comments and files, and at last from the audit, whose chain goes on to hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Table, Text, delete, or_, select, update
from sqlalchemy import cast as sql_cast

from hub.archive.customers.records import Customer, CustomerDay
from hub.archive.privacy.persons import blanks, records_about
from hub.errors import ConflictError, T
from hub.kit.asker import Asker, bind_asker
from hub.kit.clock import utc_now
from hub.kit.comments.models import Comment, Mention
from hub.kit.db import Database, Scope
from hub.kit.files.models import StoredFile
from hub.kit.records.log import note
from hub.kit.tables import Record
from hub.security.approvals.models import ApprovalRequest, ApprovalState
from hub.security.audit.chain import AuditChain
from hub.security.privacy.consent import Consents
from hub.security.vault.vault import Vault

ERASED = "erased"
_DONE = T("这位顾客的资料已经删除。", "This customer was erased already.")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went; the bytes of `files` are still to be deleted."""

    records: int
    audit_rows: int
    files: tuple[UUID, ...]


class Erasure:
    """The asker's right is checked by the page; the person's wish is the officer's to verify."""

    def __init__(self, db: Database, vault: Vault, audit: AuditChain) -> None:
        self._db, self._vault, self._audit = db, vault, audit

    def end_consent(self, chain_id: UUID, subject_id: UUID, purpose: str, asker: Asker) -> None:
        """Withdrawn: health profiles are gone, and what they said is unreadable in every backup."""
        Consents(self._db).withdraw(chain_id, subject_id, purpose, asker)
        self._vault.shred(chain_id, subject_id)

    def forget(self, chain_id: UUID, customer_id: UUID, asker: Asker) -> Forgotten:
        Consents(self._db).withdraw_all(chain_id, customer_id, asker)
        self._vault.shred(chain_id, customer_id)
        with self._db.read(Scope(chain_id)) as session:
            bind_asker(session, Asker.hub(ERASED))
            customer = session.get(Customer, customer_id)
            if customer is None or customer.name.startswith("已删除-"):
                raise ConflictError(_DONE)
            found = [(one, blanks(one)) for one in records_about(session, customer)]
        ids = [one.id for one, _ in found]
        with self._db.system(ERASED) as connection:
            files = _blank(connection, found)
            about = {"chain_id": chain_id, "record_type": Customer.__tablename__}
            note(connection, "person_erased", asker, **about, record_id=customer_id)
        self._audit.seal()
        with self._db.system(ERASED) as connection:
            rows = self._audit.redact(connection, ids)
        return Forgotten(len(ids), rows, files)


def _blank(
    connection: Connection, found: Iterable[tuple[Record, dict[str, Any]]]
) -> tuple[UUID, ...]:
    """Rows without a word of the person, archived; comments gone, files off. Returns their ids."""
    now, ids = utc_now(), []
    for record, empty in found:
        table = cast(Table, type(record).__table__)
        values = {**empty, "archived_at": record.archived_at or now, "updated_at": now}
        values["version"] = record.version + 1
        if "custom" in table.c:
            values["custom"] = None
        if "search_words" in table.c:
            values["search_words"] = ""
        connection.execute(update(table).where(table.c.id == record.id).values(values))
        ids.append(record.id)
    named = [sql_cast(ApprovalRequest.change, Text).contains(str(one)) for one in ids]
    held = update(ApprovalRequest).where(or_(ApprovalRequest.record_id.in_(ids), *named))
    waiting = ApprovalRequest.state.in_((ApprovalState.WAITING, ApprovalState.APPROVED))
    over = {"state": ApprovalState.REFUSED, "ended_at": now}
    connection.execute(held.where(waiting).values(over))
    connection.execute(held.values(change={}, secrets=None))
    connection.execute(delete(CustomerDay).where(CustomerDay.customer_id.in_(ids)))
    said = select(Comment.id).where(Comment.record_id.in_(ids))
    connection.execute(delete(Mention).where(Mention.comment_id.in_(said)))
    connection.execute(delete(Comment).where(Comment.record_id.in_(ids)))
    mine = (StoredFile.owner_id.in_(ids), StoredFile.removed_at.is_(None))
    files = tuple(connection.scalars(select(StoredFile.id).where(*mine)))
    off = update(StoredFile).where(StoredFile.owner_id.in_(ids))
    connection.execute(off.values(removed_at=now, name=""))
    return files
