"""An edge node as ingest knows it: whose it is, and what its aliases and names mean."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from hub.ingest.tables import NodeState

UNKNOWN = -1  # the series of an alias that no birth declared
MOST_IGNORED = 50_000  # names and aliases of a node that are remembered as not kept
DENSE_ALIASES = 1 << 16  # larger aliases, which only foreign nodes use, are looked up one by one


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one device."""

    id: int
    store_id: UUID
    agent_id: UUID
    device: str
    metric: str


@dataclass(frozen=True, slots=True)
class Declared:
    """One metric of a birth; `alias` None is a node that calls its metrics by name."""

    alias: int | None
    device: str
    metric: str


class AliasTable:
    """Alias → series; `known` are its aliases, `dense` the same as an array."""

    def __init__(self, series: dict[int, int]) -> None:
        self.series = series
        self.known = frozenset(series)
        self._dense: NDArray[np.int32] | None = None

    def learn(self, more: dict[int, int]) -> None:
        self.series = self.series | more
        self.known = frozenset(self.series)
        self._dense = None

    def dense(self) -> NDArray[np.int32]:
        """UNKNOWN where there is no such alias; larger aliases are looked up in `series`."""
        dense = self._dense
        if dense is None:
            size = 1 + max((a for a in self.series if a < DENSE_ALIASES), default=0)
            dense = np.full(size, UNKNOWN, np.int32)
            for alias, series in self.series.items():
                if alias < size:
                    dense[alias] = series
            self._dense = dense
        return dense


@dataclass(slots=True)
class Node:
    """An approved edge node as ingest knows it; changed by the journal's thread only.

    `tables` are the meanings of aliases, each from a journal number on, the newest last; `since`
    tells from which number on a series is known by an alias. What `ignored` names is declared and
    yet not kept: beyond the store's limit, or no reading.
    """

    agent_id: UUID
    chain_id: UUID
    store_id: UUID
    group: str
    node: str
    state: NodeState
    state_since: datetime | None
    heard_at: datetime | None
    tables: list[tuple[int, AliasTable]] = field(default_factory=lambda: [(0, AliasTable({}))])
    since: dict[int, int] = field(default_factory=dict)
    names: dict[tuple[str, str], int] = field(default_factory=dict)
    ignored: set[int | tuple[str, str]] = field(default_factory=set)  # aliases and names

    def ignore(self, more: Collection[int | tuple[str, str]]) -> None:
        """A node that invents names without end is asked for a birth now and then instead."""
        if len(self.ignored) < MOST_IGNORED:
            self.ignored |= set(islice(more, MOST_IGNORED - len(self.ignored)))

    @property
    def aliases(self) -> AliasTable:
        """What aliases mean by the newest birth."""
        return self.tables[-1][1]

    def aliases_at(self, seq: int) -> AliasTable:
        """What aliases meant in row `seq`."""
        for since, table in reversed(self.tables):
            if since <= seq:
                return table
        return self.tables[0][1]

    def learn(self, seq: int, changed: dict[int, int]) -> None:
        """New aliases join the newest table; a changed meaning opens a new one from `seq` on."""
        for series in changed.values():
            self.since.setdefault(series, seq)
        since, table = self.tables[-1]
        if since == seq or not any(alias in table.series for alias in changed):
            table.learn(changed)
        else:
            self.tables.append((seq, AliasTable(table.series | changed)))

    def __str__(self) -> str:
        return f"{self.group}/{self.node}"
