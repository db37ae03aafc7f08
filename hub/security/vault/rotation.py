"""Replacing the keys of a chain while everybody works on.

New values are sealed by the new key at once; what the old one sealed is sealed anew in chunks that
hold the write gate for some milliseconds, and when nothing of it is left the old key is destroyed.
Whatever is cut short goes on at the next run: the old key stays RETIRING until nothing needs it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Text, bindparam, select, type_coerce, update

from hub.kit.asker import Asker
from hub.kit.db import Database
from hub.kit.records.log import note
from hub.kit.records.ports import Place
from hub.security.vault.keys import KeyLine, KeyState, KeyStore, Use
from hub.security.vault.vault import ASK_AGAIN_S, AUDIT, FIELDS, VERSION, ErasedError, Vault

CHUNK = 500
REST_S = 0.02  # between two chunks others get their turn
OTHERS_DONE_S = ASK_AGAIN_S + 15.0  # by then nobody holds a value of the old key unwritten


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed text, in a table with `id` and `chain_id`."""

    table: Table
    column: str


@dataclass
class Tally:
    """What a rotation did so far."""

    sealed_anew: int = 0
    gone: int = 0
    """Values whose key had been destroyed before."""
    keys_destroyed: int = 0


class Rotation:
    """Rotates the keys of purpose `fields`; persons' own keys live as long as the person."""

    def __init__(
        self,
        db: Database,
        keys: KeyStore,
        vault: Vault,
        columns: Sequence[SealedColumn],
        *,
        others_done_s: float = OTHERS_DONE_S,
        rest_s: float = REST_S,
    ) -> None:
        self._db, self._keys, self._vault, self._columns = db, keys, vault, columns
        self._others_done_s, self._rest_s = others_done_s, rest_s

    def begin(self, chain_id: UUID) -> None:
        """Let new keys seal from now on."""
        self._keys.replace(Use(chain_id, FIELDS))
        self._keys.replace(Use(chain_id, AUDIT), KeyState.KEPT)
        self._vault.forget()

    def finish(self, tell: Callable[[Tally], None], asker: Asker) -> Tally:
        """Do whatever rotations are begun; call it again after any interruption."""
        tally = Tally()
        old = [key for key in self._keys.listed(KeyState.RETIRING) if key.use.purpose == FIELDS]
        for key in old:
            self._seal_anew(key, tally, tell)
        if old:
            time.sleep(self._others_done_s)
        for key in old:
            self._seal_anew(key, tally, tell)
            self._keys.destroy(key.id)
            tally.keys_destroyed += 1
            self._note(key, tally, asker)
        self._vault.forget()
        return tally

    def _seal_anew(self, key: KeyLine, tally: Tally, tell: Callable[[Tally], None]) -> None:
        for column in self._columns:
            after = UUID(int=0)
            while rows := self._rows(column, key, after):
                self._exchange(column, key, rows, tally)
                tell(tally)
                after = rows[-1][0]
                time.sleep(self._rest_s)

    def _rows(self, column: SealedColumn, key: KeyLine, after: UUID) -> Sequence[Any]:
        table, sealed = column.table, _as_text(column)
        query = (
            select(table.c.id, sealed)
            .where(table.c.chain_id == key.use.chain_id, table.c.id > after)
            .where(sealed.like(f"{VERSION}|{key.id}|%"))
            .order_by(table.c.id)
            .limit(CHUNK)
        )
        with self._db.system_read("rotation") as connection:
            return connection.execute(query).all()

    def _exchange(
        self, column: SealedColumn, key: KeyLine, rows: Sequence[Any], tally: Tally
    ) -> None:
        """Whoever changed a row meanwhile has sealed it by the new key: their value stays."""
        table, name = column.table, column.column
        changes = []
        for row_id, old in rows:
            place = Place(key.use.chain_id, table.name, name, row_id)
            try:
                text = self._vault.open(place, old)
            except ErasedError:
                tally.gone += 1
                continue
            changes.append({"row": row_id, "old": old, "new": self._vault.seal(place, text)})
        if changes:
            values: dict[str, Any] = {name: bindparam("new", type_=Text)}
            if "updated_at" in table.c:
                values["updated_at"] = table.c.updated_at  # for its readers nothing has changed
            same = (table.c.id == bindparam("row"), _as_text(column) == bindparam("old"))
            exchange = update(table).where(*same).values(values)
            with self._db.system("rotation") as connection:
                connection.execute(exchange, changes)
        tally.sealed_anew += len(changes)

    def _note(self, key: KeyLine, tally: Tally, asker: Asker) -> None:
        values = {"key": [key.id, None], "sealed_anew": [None, tally.sealed_anew]}
        about = {"chain_id": key.use.chain_id, "record_type": "keys", "values": values}
        with self._db.system("rotation") as connection:
            note(connection, "key_rotated", asker, **about)


def _as_text(column: SealedColumn) -> ColumnElement[str]:
    """What is stored, whatever the record makes of it."""
    return type_coerce(column.table.c[column.column], Text)
