"""The keys that seal data, wrapped by the master key, in a database of their own.

They lie apart from what they seal, for a backup that held both would give back what was erased by
destroying a person's key (docs/decisions/vault.md). A key is made in a transaction of its own,
before the row that it seals: at worst a key stays unused.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from sqlite3 import Connection as SqliteConnection
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Update,
    Uuid,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from hub.kit.clock import utc_now
from hub.kit.db import Database, UtcDateTime
from hub.security.vault.master import KEY_BYTES, MasterKeys


class KeyState(StrEnum):
    """ACTIVE seals; RETIRING is being replaced; KEPT only opens; DESTROYED is gone for ever."""

    ACTIVE = "active"
    RETIRING = "retiring"
    KEPT = "kept"
    DESTROYED = "destroyed"


_TABLES = MetaData()
KEYS = Table(
    "crypto_keys",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("chain_id", Uuid, nullable=False),
    Column("purpose", String(120), nullable=False),
    Column("subject", String(32), nullable=False),  # empty: the whole chain's
    Column("wrapped", LargeBinary),
    Column("master_id", String(12), nullable=False),
    Column("state", String(10), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("ended_at", UtcDateTime()),
    sqlite_autoincrement=True,  # the number of a destroyed key is never given again
)
Index(
    "uq_crypto_keys_active",
    KEYS.c.chain_id,
    KEYS.c.purpose,
    KEYS.c.subject,
    unique=True,
    sqlite_where=KEYS.c.state == KeyState.ACTIVE,
    postgresql_where=KEYS.c.state == KeyState.ACTIVE,
)


HEADS = Table(
    "audit_heads",
    _TABLES,
    Column("id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("seal", LargeBinary, nullable=False),
    Column("at", UtcDateTime(), nullable=False),
)
NOBODY = UUID(int=0)
"""The chain of keys that belong to no chain."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link of the audit's chain, kept here: apart from what it proves."""

    number: int
    seal: bytes


@dataclass(frozen=True, slots=True)
class Use:
    """What a key is for: a purpose of a chain, or of one person in it."""

    chain_id: UUID
    purpose: str
    subject_id: UUID | None = None

    @property
    def subject(self) -> str:
        return self.subject_id.hex if self.subject_id else ""


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """An unwrapped key; its number stands in everything that it sealed."""

    id: int
    use: Use
    secret: bytes


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key as a list of keys shows it."""

    id: int
    use: Use
    state: KeyState
    created_at: datetime


def open_keys(url: str) -> tuple[Database, bool]:
    """The database of keys with its table; and whether no key was ever made."""
    db = Database(url)
    if db.is_sqlite:
        event.listen(db.engines.write, "connect", _overwrite_deleted)
    with db.system("keys") as connection:
        _TABLES.create_all(connection)
        return db, connection.scalar(select(func.count()).select_from(KEYS)) == 0


def _overwrite_deleted(connection: SqliteConnection, _record: object) -> None:
    connection.execute("PRAGMA secure_delete = ON")


class KeyStore:
    """The table of keys; safe from any thread and from several processes."""

    def __init__(self, db: Database, masters: MasterKeys) -> None:
        self._db = db
        self._masters = masters

    def close(self) -> None:
        self._db.close()

    def prove(self) -> None:
        """MasterKeyError when the master key does not open the newest key."""
        newest = select(KEYS).where(KEYS.c.wrapped.is_not(None)).order_by(KEYS.c.id.desc())
        with self._db.system_read("keys") as connection:
            row = connection.execute(newest.limit(1)).first()
        if row is not None:
            self._unwrapped(row)

    def active(self, use: Use) -> DataKey:
        """The key that seals for this use from now on, made when there is none."""
        with self._db.system_read("keys") as connection:
            row = connection.execute(_active(use)).first()
        if row is not None:
            return self._unwrapped(row)
        try:
            with self._db.system("keys") as connection:
                return self._add(connection, use)
        except IntegrityError:  # another process was quicker
            with self._db.system_read("keys") as connection:
                return self._unwrapped(connection.execute(_active(use)).one())

    def find(self, key_id: int) -> DataKey | None:
        """The key with this number; None when there is none any more."""
        with self._db.system_read("keys") as connection:
            row = connection.execute(select(KEYS).where(KEYS.c.id == key_id)).first()
        return self._unwrapped(row) if row is not None and row.wrapped is not None else None

    def replace(self, use: Use, end: KeyState = KeyState.RETIRING) -> DataKey:
        """A new key for this use; the one before goes to the state `end`."""
        old = (KEYS.c.chain_id == use.chain_id, KEYS.c.purpose == use.purpose)
        with self._db.system("keys") as connection:
            connection.execute(
                update(KEYS)
                .where(*old, KEYS.c.subject == use.subject, KEYS.c.state == KeyState.ACTIVE)
                .values(state=end, ended_at=utc_now())
            )
            return self._add(connection, use)

    def destroy(self, key_id: int) -> None:
        """Overwrite one key: what it sealed can be read by nobody any more."""
        with self._db.system("keys") as connection:
            connection.execute(_destroyed().where(KEYS.c.id == key_id))
        self._scrub()

    def destroy_subject(self, chain_id: UUID, subject_id: UUID) -> int:
        """Overwrite all keys of a person; returns how many there were."""
        of_subject = (KEYS.c.chain_id == chain_id, KEYS.c.subject == subject_id.hex)
        with self._db.system("keys") as connection:
            found = connection.execute(
                _destroyed().where(*of_subject, KEYS.c.state != KeyState.DESTROYED)
            ).rowcount
        self._scrub()
        return found

    def listed(self, *states: KeyState) -> Sequence[KeyLine]:
        """Keys in these states, oldest first."""
        query = select(KEYS).where(KEYS.c.state.in_(states)).order_by(KEYS.c.id)
        with self._db.system_read("keys") as connection:
            rows = connection.execute(query).all()
        return [KeyLine(r.id, _use(r), KeyState(r.state), r.created_at) for r in rows]

    def wrap_anew(self, limit: int = 500) -> int:
        """Wrap up to `limit` keys by the first master key; 0 when all are."""
        first = self._masters.first.id
        query = select(KEYS).where(KEYS.c.wrapped.is_not(None), KEYS.c.master_id != first)
        with self._db.system("keys") as connection:
            rows = connection.execute(query.limit(limit)).all()
            for row in rows:
                key = self._unwrapped(row)
                wrapped = self._masters.wrap(key.secret, _about(key.use))
                values = {"wrapped": wrapped, "master_id": first}
                connection.execute(update(KEYS).where(KEYS.c.id == row.id).values(values))
        return len(rows)

    def head(self) -> Head | None:
        """The head of the audit's chain when it was last sealed."""
        with self._db.system_read("audit") as connection:
            row = connection.execute(select(HEADS).where(HEADS.c.id == 1)).first()
        return Head(row.number, row.seal) if row else None

    def keep_head(self, head: Head) -> None:
        values = {"number": head.number, "seal": head.seal, "at": utc_now()}
        with self._db.system("audit") as connection:
            if not connection.execute(update(HEADS).where(HEADS.c.id == 1).values(values)).rowcount:
                connection.execute(insert(HEADS).values(id=1, **values))

    def _add(self, connection: Connection, use: Use) -> DataKey:
        secret = secrets.token_bytes(KEY_BYTES)
        made = connection.execute(
            insert(KEYS).values(
                chain_id=use.chain_id,
                purpose=use.purpose,
                subject=use.subject,
                wrapped=self._masters.wrap(secret, _about(use)),
                master_id=self._masters.first.id,
                state=KeyState.ACTIVE,
                created_at=utc_now(),
            )
        )
        number = made.inserted_primary_key
        if number is None:
            raise RuntimeError("The database gave the new key no number.")
        return DataKey(int(number[0]), use, secret)

    def _unwrapped(self, row: Row[*tuple[Any, ...]]) -> DataKey:
        use = _use(row)
        return DataKey(row.id, use, self._masters.unwrap(row.wrapped, _about(use), row.master_id))

    def _scrub(self) -> None:
        """SQLite leaves deleted bytes in its log until it is folded in."""
        if self._db.is_sqlite:
            with self._db.engines.write.connect() as connection:
                raw = connection.connection.driver_connection
                if raw is not None:
                    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _active(use: Use) -> Select[Any]:
    return select(KEYS).where(
        KEYS.c.chain_id == use.chain_id,
        KEYS.c.purpose == use.purpose,
        KEYS.c.subject == use.subject,
        KEYS.c.state == KeyState.ACTIVE,
    )


def _use(row: Row[*tuple[Any, ...]]) -> Use:
    return Use(row.chain_id, row.purpose, UUID(row.subject) if row.subject else None)


def _about(use: Use) -> str:
    """Bound to the wrapped key, so that keys cannot be exchanged in the table."""
    return f"key|{use.chain_id.hex}|{use.purpose}|{use.subject}"


def _destroyed() -> Update:
    return update(KEYS).values(wrapped=None, state=KeyState.DESTROYED, ended_at=utc_now())
