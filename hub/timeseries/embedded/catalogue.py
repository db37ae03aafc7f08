"""What the embedded engine holds and where: hot segments (DuckDB tables) and sealed files.

Readers take `view`, an immutable picture, and go by nothing else. A change is one short
transaction, and what an older picture may still show goes only a round later (`sweep`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import count
from threading import Lock

from duckdb import DuckDBPyConnection

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FORMAT = 1

COLUMNS = "series INTEGER, t_ms BIGINT, value DOUBLE, quality UTINYINT"
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS meta (format INTEGER NOT NULL, position BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS segment
    (id INTEGER NOT NULL, start_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL, state TINYINT NOT NULL);
CREATE TABLE IF NOT EXISTS sealed
    (day INTEGER NOT NULL, store INTEGER NOT NULL, generation INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS newest ({COLUMNS});
"""


class SegmentState(IntEnum):
    OPEN = 0  # takes points, in order of arrival
    FROZEN = 1  # takes no more
    SORTED = 2  # by (series, t); its newest points are in table `newest`


@dataclass(frozen=True, slots=True)
class Segment:
    """A table of points with times in [start, end): an hour, or a day for what comes late."""

    id: int
    start_ms: int
    end_ms: int
    state: SegmentState = SegmentState.OPEN

    @property
    def table(self) -> str:
        suffix = "_sorted" if self.state is SegmentState.SORTED else ""
        return f"segment_{self.id}{suffix}"

    @property
    def day(self) -> int:
        return self.start_ms // DAY_MS

    @property
    def is_hour(self) -> bool:
        return self.end_ms - self.start_ms == HOUR_MS


@dataclass(frozen=True, slots=True)
class SealedFile:
    """All points of one store and one UTC day; each rewrite is the next generation."""

    day: int
    store: int
    generation: int


@dataclass(frozen=True, slots=True)
class View:
    """An immutable picture of the catalogue. Of one key the later segment is right; all segments
    are right over the sealed file."""

    segments: tuple[Segment, ...] = ()
    sealed: Mapping[int, Mapping[int, SealedFile]] = field(default_factory=dict)

    def segments_of(self, start_ms: int, end_ms: int) -> list[Segment]:
        return [s for s in self.segments if s.start_ms < end_ms and s.end_ms > start_ms]

    def days(self, start_ms: int, end_ms: int) -> list[int]:
        """The days in which there is anything to read, in order."""
        first, last = start_ms // DAY_MS, (end_ms - 1) // DAY_MS
        held = {s.day for s in self.segments} | self.sealed.keys()
        return sorted(day for day in held if first <= day <= last)


class Change:
    """One transaction on the catalogue; readers see its view only after the commit."""

    def __init__(self, connection: DuckDBPyConnection, view: View, position: int) -> None:
        self.connection = connection
        self.view = view
        self.position = position

    def set_position(self, position: int) -> None:
        self.connection.execute("UPDATE meta SET position = ?", [position])
        self.position = position

    def add_segment(self, id: int, start_ms: int, end_ms: int) -> Segment:
        segment = Segment(id, start_ms, end_ms)
        self.connection.execute(f"CREATE TABLE {segment.table} ({COLUMNS})")
        self.connection.execute(
            "INSERT INTO segment VALUES (?, ?, ?, ?)", [id, start_ms, end_ms, segment.state]
        )
        self.view = replace(self.view, segments=_by_precedence((*self.view.segments, segment)))
        return segment

    def set_state(self, segments: Sequence[Segment], state: SegmentState) -> list[Segment]:
        changed = {s.id: replace(s, state=state) for s in segments}
        self.connection.execute(
            "UPDATE segment SET state = ? WHERE id = ANY(?)", [state, list(changed)]
        )
        kept = tuple(changed.get(s.id, s) for s in self.view.segments)
        self.view = replace(self.view, segments=kept)
        return list(changed.values())

    def remove_segments(self, segments: Sequence[Segment]) -> None:
        gone = {s.id for s in segments}
        self.connection.execute("DELETE FROM segment WHERE id = ANY(?)", [list(gone)])
        self.view = replace(
            self.view, segments=tuple(s for s in self.view.segments if s.id not in gone)
        )

    def put_files(self, day: int, files: Sequence[SealedFile]) -> list[SealedFile]:
        """Let these files of one day stand for their stores; gives those they replace."""
        stores = [file.store for file in files]
        self.connection.execute(
            "DELETE FROM sealed WHERE day = $1 AND store = ANY($2)", [day, stores]
        )
        self.connection.execute(
            "INSERT INTO sealed SELECT $1, unnest($2), unnest($3)",
            [day, stores, [file.generation for file in files]],
        )
        of_day = dict(self.view.sealed.get(day, {}))
        replaced = [of_day[store] for store in stores if store in of_day]
        of_day.update({file.store: file for file in files})
        self.view = replace(self.view, sealed={**self.view.sealed, day: of_day})
        return replaced

    def drop_days(self, before: int) -> tuple[list[SealedFile], list[Segment]]:
        """All that lies on days before this one: gives what nobody sees any more."""
        segments = [s for s in self.view.segments if s.day < before]
        self.remove_segments(segments)
        self.connection.execute("DELETE FROM sealed WHERE day < ?", [before])
        gone = [f for day, of in self.view.sealed.items() if day < before for f in of.values()]
        kept = {day: of for day, of in self.view.sealed.items() if day >= before}
        self.view = replace(self.view, sealed=kept)
        return gone, segments


class Catalogue:
    """Owns the manifest tables of one DuckDB database."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._lock = Lock()
        self._connection = connection
        self._garbage: tuple[list[Segment], list[SealedFile]] = ([], [])
        connection.execute(SCHEMA)
        row = connection.execute("SELECT position FROM meta").fetchone()
        self.is_new = row is None
        if row is None:
            connection.execute("INSERT INTO meta VALUES (?, 0)", [FORMAT])
        self.position = 0 if row is None else int(row[0])
        self.view = self._load()
        self._ids = count(1 + max((s.id for s in self.view.segments), default=0))

    def _load(self) -> View:
        segments = [
            Segment(id=row[0], start_ms=row[1], end_ms=row[2], state=SegmentState(row[3]))
            for row in self._connection.execute("FROM segment").fetchall()
        ]
        sealed: dict[int, dict[int, SealedFile]] = {}
        for day, store, generation in self._connection.execute("FROM sealed").fetchall():
            sealed.setdefault(day, {})[store] = SealedFile(day, store, generation)
        return View(_by_precedence(segments), sealed)

    @contextmanager
    def change(self) -> Iterator[Change]:
        """One transaction at a time; the writer waits here, so keep it short."""
        with self._lock:
            self._connection.begin()
            change = Change(self._connection, self.view, self.position)
            try:
                yield change
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise
            self.view, self.position = change.view, change.position

    def next_id(self) -> int:
        return next(self._ids)

    def freeze(self, segments: Sequence[Segment]) -> list[Segment]:
        with self.change() as change:
            return change.set_state(segments, SegmentState.FROZEN)

    def replace_by_sorted(self, segment: Segment) -> None:
        """The sorted table of a frozen segment, already written, takes its place."""
        with self.change() as change:
            change.set_state([segment], SegmentState.SORTED)
        self._garbage[0].append(segment)

    def publish(
        self, day: int, files: Sequence[SealedFile], used_up: Sequence[Segment] = ()
    ) -> None:
        """At once: these files stand for their store and day, and those segments are gone."""
        with self.change() as change:
            replaced = change.put_files(day, files)
            change.remove_segments(used_up)
        self._garbage[0].extend(used_up)
        self._garbage[1].extend(replaced)

    def drop_days(self, before: int) -> int:
        """One short transaction; tables and files go with the next rounds of house-keeping."""
        with self.change() as change:
            files, segments = change.drop_days(before)
        self._garbage[0].extend(segments)
        self._garbage[1].extend(files)
        return len({file.day for file in files} | {segment.day for segment in segments})

    def sweep(self) -> list[SealedFile]:
        """Drop the tables that no view shows since the last round; gives the files to remove."""
        segments, files = self._garbage
        self._garbage = ([], [])
        with self.change() as change:
            for segment in segments:
                change.connection.execute(f"DROP TABLE IF EXISTS {segment.table}")
        return files

    def drop_strays(self) -> None:
        """At start: tables that a killed process left behind."""
        known = {segment.table for segment in self.view.segments}
        rows = self._connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'segment_')"
        ).fetchall()
        for (table,) in rows:
            if table not in known:
                self._connection.execute(f"DROP TABLE {table}")


def _by_precedence(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Days after hours: what came after an hour was closed went to its day."""
    return tuple(sorted(segments, key=lambda s: (not s.is_hour, s.id)))
