"""The chain over `changes`: one sealer links committed rows, `verify` walks the links again.

Each link is a keyed hash (HMAC-SHA256) over the link before it and every column of the row as it
is stored, secrets still sealed; so the chain is checked without opening any, and holds after a
person's key is destroyed. The key lies in the vault, so who can write the database alone can forge
no link. The number of the newest link is kept beside the keys: a cut-off tail is seen as well.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, Row, insert, select, text, update

from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.records.log import TABLE as CHANGES
from hub.security.audit.models import AuditSeal, Redaction
from hub.security.vault.keys import NOBODY as NO_CHAIN
from hub.security.vault.keys import Head, KeyStore, Use

START = bytes(32)
_COLUMNS = tuple(column.name for column in CHANGES.columns)
CHUNK = 500
LATE_ROWS = 10_000  # how far back a row may still be unsealed, when it was committed late
_ONE_SEALER = text("SELECT pg_try_advisory_xact_lock(7526766)")


class Fault(StrEnum):
    """What `verify` may find."""

    CHANGED = "changed"
    REMOVED = "removed"
    LINK_LOST = "link_lost"
    NEVER_SEALED = "never_sealed"
    CUT_OFF = "cut_off"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One broken place: a row of `changes` by its `seq`, or a link by its number."""

    fault: Fault
    seq: int
    number: int

    def __str__(self) -> str:
        return {
            Fault.CHANGED: f"row {self.seq} of changes was altered after it was sealed",
            Fault.REMOVED: f"row {self.seq} of changes is gone",
            Fault.LINK_LOST: f"link {self.number} is gone, or was exchanged with another",
            Fault.NEVER_SEALED: f"row {self.seq} of changes was put in past the sealer",
            Fault.CUT_OFF: f"everything after link {self.number} was cut off",
        }[self.fault]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many links were walked, the head of the chain, and what is wrong."""

    links: int
    head: Head
    troubles: tuple[Trouble, ...]


class AuditChain:
    """One per hub; `seal` from one thread at a time."""

    def __init__(self, db: Database, keys: KeyStore) -> None:
        self._db, self._keys = db, keys
        self._secret = keys.active(Use(NO_CHAIN, "audit-chain")).secret

    def seal(self) -> int:
        """Link what was committed since; returns how many rows."""
        done = 0
        while count := self._seal_some():
            done += count
        return done

    def head(self) -> Head:
        with self._db.system_read("audit") as connection:
            return _head(connection)

    def verify(self) -> Verdict:
        """Walk the whole chain; every broken place, not the first alone."""
        troubles: list[Trouble] = []
        before, last, links = START, 0, 0
        with self._db.system_read("audit") as connection:
            redacted = {one.seq: one for one in connection.execute(select(Redaction.__table__))}
            for link, row in _links(connection):
                links += 1
                if link.number != last + 1:
                    troubles.append(Trouble(Fault.LINK_LOST, link.seq, last + 1))
                elif row is None:
                    troubles.append(Trouble(Fault.REMOVED, link.seq, link.number))
                elif not self._is_whole(before, link, row, redacted.get(link.seq)):
                    troubles.append(Trouble(Fault.CHANGED, link.seq, link.number))
                before, last = link.seal, link.number
            troubles += _unsealed(connection)
        kept, head = self._keys.head(), Head(last, before)
        if kept is not None and (kept.number > last or not self._is_on(kept, troubles)):
            troubles.append(Trouble(Fault.CUT_OFF, 0, last))
        return Verdict(links, head, tuple(troubles))

    def redact(self, connection: Connection, record_ids: Iterable[UUID]) -> int:
        """Take all words out of the sealed rows of these records; the chain goes on to hold.

        What was done when by whom stays: only values and reasons go. Call `seal` before.
        """
        query = (
            select(CHANGES)
            .join(AuditSeal, AuditSeal.seq == CHANGES.c.seq)
            .outerjoin(Redaction, Redaction.seq == CHANGES.c.seq)
            .where(CHANGES.c.record_id.in_(list(record_ids)), Redaction.seq.is_(None))
        )
        rows = connection.execute(query).all()
        for row in rows:
            digest = _bytes(row)
            connection.execute(insert(Redaction).values(seq=row.seq, digest=digest, seal=None))
            here = CHANGES.c.seq == row.seq
            empty = {name: [None, None] for name in row.values}
            connection.execute(update(CHANGES).where(here).values(values=empty, reason=""))
            now = connection.execute(select(CHANGES).where(here)).one()
            done = update(Redaction).where(Redaction.seq == row.seq)
            connection.execute(done.values(seal=self._redacted(row.seq, digest, now)))
        return len(rows)

    def _is_whole(
        self, before: bytes, link: Any, row: Row[*tuple[Any, ...]], redaction: Any
    ) -> bool:
        """Whether the row is what was sealed; of a redacted one also that it is so by our key."""
        digest = _bytes(row)
        if redaction is not None:
            seal = self._redacted(link.seq, redaction.digest, row)
            if not hmac.compare_digest(seal, redaction.seal or b""):
                return False
            digest = redaction.digest
        return hmac.compare_digest(self._link(before, link.number, digest), link.seal)

    def _redacted(self, seq: int, digest: bytes, row: Row[*tuple[Any, ...]]) -> bytes:
        told = b"redacted" + seq.to_bytes(8, "big") + digest + _bytes(row)
        return hmac.digest(self._secret, told, "sha256")

    def _is_on(self, kept: Head, troubles: Sequence[Trouble]) -> bool:
        """Whether the kept head is a link of this chain, unless its loss is told already."""
        with self._db.system_read("audit") as connection:
            query = select(AuditSeal.seal).where(AuditSeal.number == kept.number)
            seal = connection.scalar(query)
        return seal == kept.seal or any(t.number == kept.number for t in troubles)

    def _seal_some(self) -> int:
        with self._db.system("audit") as connection:
            if not self._db.is_sqlite and not connection.scalar(_ONE_SEALER):
                return 0
            head = _head(connection)
            rows = connection.execute(_unsealed_rows(connection).limit(CHUNK)).all()
            links, before = [], head.seal
            for number, row in enumerate(rows, head.number + 1):
                before = self._link(before, number, _bytes(row))
                at = utc_now()
                links.append({"number": number, "seq": row.seq, "seal": before, "sealed_at": at})
            if links:
                connection.execute(insert(AuditSeal), links)
        if links:
            self._keys.keep_head(Head(links[-1]["number"], before))
        return len(links)

    def _link(self, before: bytes, number: int, digest: bytes) -> bytes:
        return hmac.digest(self._secret, before + number.to_bytes(8, "big") + digest, "sha256")


def _bytes(row: Row[*tuple[Any, ...]]) -> bytes:
    """Every column of a row of `changes` in one form, the same on every engine."""
    told = {name: row._mapping[name] for name in _COLUMNS}
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).digest()


def _head(connection: Connection) -> Head:
    newest = select(AuditSeal.number, AuditSeal.seal).order_by(AuditSeal.number.desc()).limit(1)
    row = connection.execute(newest).first()
    return Head(row.number, row.seal) if row else Head(0, START)


def _unsealed_rows(connection: Connection) -> Any:
    """Rows without a link, oldest first; on PostgreSQL some are committed after later ones."""
    newest = select(AuditSeal.seq).order_by(AuditSeal.seq.desc()).limit(1)
    after = (connection.scalar(newest) or 0) - LATE_ROWS
    return (
        select(CHANGES)
        .outerjoin(AuditSeal, AuditSeal.seq == CHANGES.c.seq)
        .where(CHANGES.c.seq > after, AuditSeal.seq.is_(None))
        .order_by(CHANGES.c.seq)
    )


def _links(connection: Connection) -> Iterator[tuple[Any, Any]]:
    """Links in order, each with its row of `changes`, or None where it is gone."""
    after = 0
    while True:
        query = select(AuditSeal.number, AuditSeal.seq, AuditSeal.seal)
        query = query.where(AuditSeal.number > after).order_by(AuditSeal.number).limit(CHUNK)
        links = connection.execute(query).all()
        if not links:
            return
        wanted = select(CHANGES).where(CHANGES.c.seq.in_([link.seq for link in links]))
        rows = {row.seq: row for row in connection.execute(wanted)}
        yield from ((link, rows.get(link.seq)) for link in links)
        after = links[-1].number


def _unsealed(connection: Connection) -> list[Trouble]:
    """Rows older than the newest sealed one that have no link: put in by hand."""
    newest = select(AuditSeal.seq).order_by(AuditSeal.seq.desc()).limit(1)
    last = connection.scalar(newest) or 0
    query = (
        select(CHANGES.c.seq)
        .outerjoin(AuditSeal, AuditSeal.seq == CHANGES.c.seq)
        .where(CHANGES.c.seq < last, AuditSeal.seq.is_(None))
    )
    return [Trouble(Fault.NEVER_SEALED, seq, 0) for seq in connection.scalars(query)]
