"""The words of a chain's records, held in memory: what free text is looked for in.

Each record type of a chain is one long text with a line a record, in the order of its list, as it
was when somebody first searched; changes since are kept beside it, followed by the cursor of
`changes`. A part of a word is found as fast as memory is read, on both engines alike, and nothing
of it lies on disk (docs/decisions/search.md).
"""

import threading
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from hub.kit.records.declare import Field, shown
from hub.kit.records.kinds import Kind, Show
from hub.kit.records.log import ChangeLog
from hub.kit.records.search import Searchable
from hub.kit.session import SYSTEM, ScopedSession
from hub.kit.tables import Record

_SEEN = "words seen up to"
WORDS = "words"  # in `info` of sessions that read
FIRST = 500  # records by id in one statement
BYTES_MAX = 256 * 2**20  # of all chains together; whoever was not asked for longest goes
_CHANGES_MAX = 20_000  # after more of them everything is read anew
_FRESH_SHARE, _FRESH_MIN = 20, 2_000  # a twentieth of a type may lie beside its text
_READ_AT_ONCE = 500
_OPTIONS = {SYSTEM: "words of records"}


@dataclass(frozen=True, slots=True)
class Found:
    """Records that match; where `is_all` is false, only the first in the order of the list."""

    ids: Sequence[UUID]
    is_all: bool


@dataclass(frozen=True)
class _Shelf:
    """One record type of one chain. Never changed: a new one takes its place."""

    text: bytes
    starts: Sequence[int]  # of each line, and the end of the last
    ids: bytes  # sixteen bytes a line
    fresh: dict[UUID, bytes] = field(default_factory=dict)  # changed since, as they are now
    stale: frozenset[UUID] = frozenset()  # lines that hold no more

    @property
    def size(self) -> int:
        return len(self.text) + len(self.ids) + 8 * len(self.starts)

    @property
    def is_worn(self) -> bool:
        return len(self.stale) > max(_FRESH_MIN, len(self.ids) // 16 // _FRESH_SHARE)

    def find(self, words: Sequence[bytes]) -> Found:
        ids = [one for one, line in self.fresh.items() if all(word in line for word in words)]
        most = len(ids) + FIRST
        for one in self._lines_with(words):
            if len(ids) == most:
                return Found(ids, False)
            ids.append(one)
        return Found(ids, True)

    def _lines_with(self, words: Sequence[bytes]) -> Iterator[UUID]:
        rarest = max(words, key=len)
        others = [word for word in words if word is not rarest]
        at = self.text.find(rarest)
        while at >= 0:
            line = bisect_right(self.starts, at) - 1
            start, end = self.starts[line], self.starts[line + 1]
            if all(self.text.find(word, start, end) >= 0 for word in others):
                found = UUID(bytes=self.ids[16 * line : 16 * line + 16])
                if found not in self.stale:
                    yield found
            at = self.text.find(rarest, end)


@dataclass
class _Chain:
    """What is held of one chain: everything up to the change `seq`."""

    seq: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    shelves: dict[str, _Shelf] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(shelf.size for shelf in list(self.shelves.values()))


class Words:
    """The words of one database, for any threads; filled and refreshed by whoever searches."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self._chains: OrderedDict[UUID, _Chain] = OrderedDict()

    def find(self, session: ScopedSession, model: type[Record], q: str) -> Found | None:
        """Records, not archived, with every word of `q`, whatever the asker's rights and scope.

        None where the text cannot help, and the database must look by itself.
        """
        chain = self._chain(session)
        with chain.lock:
            is_current = _is_current(session, chain)
            shelf = chain.shelves.get(model.__tablename__)
            if shelf is None:
                if not is_current:  # what it would read is older than what is held
                    return None
                shelf = chain.shelves[model.__tablename__] = _read_all(session, model)
        self._forget_oldest()
        found = shelf.find([word.encode() for word in q.lower().split()])
        return found if len(found.ids) <= 2 * FIRST else None

    def _chain(self, session: ScopedSession) -> _Chain:
        chain_id = session.scope.chain_id
        with self._lock:
            if chain_id not in self._chains:
                self._chains[chain_id] = _Chain(_newest(session))
            self._chains.move_to_end(chain_id)
            return self._chains[chain_id]

    def _forget_oldest(self) -> None:
        with self._lock:
            while len(self._chains) > 1 and self._size() > self._bytes_max:
                self._chains.popitem(last=False)

    def _size(self) -> int:
        return sum(chain.size for chain in self._chains.values())


def words_of(session: Session) -> Words | None:
    """None in a session that writes: it may see what is not committed yet."""
    found: Words | None = session.info.get(WORDS)
    return found


def _newest(session: ScopedSession) -> int:
    """The last change that this session sees, of whatever chain: from the end of an index."""
    return session.scalar(select(func.max(ChangeLog.seq)), execution_options=_OPTIONS) or 0


def _is_current(session: ScopedSession, chain: _Chain) -> bool:
    """Bring what is held up to what this session sees; false where it sees less than is held."""
    newest: int | None = session.info.get(_SEEN)
    if newest is None:
        newest = session.info[_SEEN] = _newest(session)
    if newest > chain.seq:
        _refresh(session, chain, newest)
    return newest == chain.seq


def _refresh(session: ScopedSession, chain: _Chain, newest: int) -> None:
    since = (
        select(ChangeLog.record_type, ChangeLog.record_id)
        .where(ChangeLog.chain_id == session.scope.chain_id, ChangeLog.seq > chain.seq)
        .limit(_CHANGES_MAX + 1)
    )
    rows = session.execute(since, execution_options=_OPTIONS).all()
    chain.seq = newest
    if len(rows) > _CHANGES_MAX:
        chain.shelves.clear()
        return
    for table in {row.record_type for row in rows} & chain.shelves.keys():
        ids = {row.record_id for row in rows if row.record_type == table and row.record_id}
        shelf = _with_fresh(session, _model(table), chain.shelves[table], ids)
        if shelf.is_worn:
            del chain.shelves[table]
        else:
            chain.shelves[table] = shelf


@cache
def _model(table: str) -> type[Record]:
    from hub.kit.records.models import model_of  # noqa: PLC0415  # of `hub.kit.db`, which holds us

    return model_of(table)


def _with_fresh(
    session: ScopedSession, model: type[Record], shelf: _Shelf, ids: set[UUID]
) -> _Shelf:
    fresh = {one: line for one, line in shelf.fresh.items() if one not in ids}
    wanted = sorted(ids)
    for begin in range(0, len(wanted), _READ_AT_ONCE):
        some = _select(session, model).where(model.id.in_(wanted[begin : begin + _READ_AT_ONCE]))
        fresh |= dict(_lines(session.execute(some, execution_options=_OPTIONS)))
    return replace(shelf, fresh=fresh, stale=shelf.stale | ids)


def _read_all(session: ScopedSession, model: type[Record]) -> _Shelf:
    name = model.__record__.order
    column = getattr(model, name.removeprefix("-"))
    order = column.desc() if name.startswith("-") else column.asc()
    empty_last = [case((column.is_(None), 1), else_=0)] if column.nullable else []
    wanted = _select(session, model).order_by(*empty_last, order, model.id)
    ids, lines = bytearray(), list[bytes]()
    for one, line in _lines(session.execute(wanted, execution_options=_OPTIONS)):
        ids += one.bytes
        lines.append(line)
    starts, at = [0], 0
    for line in lines:
        at += len(line) + 1
        starts.append(at)
    return _Shelf(b"\n".join(lines), array("Q", starts), bytes(ids))


def _select(session: ScopedSession, model: type[Record]) -> Any:
    columns = [one.attribute for one in searched(model)]
    if issubclass(model, Searchable):
        columns.append(model.search_words)
    own = (model.chain_id == session.scope.chain_id, model.archived_at.is_(None))
    return select(model.id, *columns).where(*own)


def searched(model: type[Record]) -> list[Field]:
    """The fields that free text is looked for in, but lines, which `search_words` tells."""
    hidden = (Kind.LINES, Kind.SECRET)
    return [one for one in shown(model, Show.SEARCH) if one.spec.kind not in hidden]


def _lines(rows: Iterable[Any]) -> Iterator[tuple[UUID, bytes]]:
    for one, *values in rows:
        yield one, "\t".join(filter(None, map(_plain, values))).lower().encode()


def _plain(value: object) -> str:
    """One line of text, whatever the field holds."""
    if isinstance(value, list):
        return "\t".join(value)
    return value.replace("\n", "\t") if isinstance(value, str) else ""
