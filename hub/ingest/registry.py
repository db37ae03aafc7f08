"""Who speaks and of what: edge nodes ↔ stores, aliases ↔ series; kept in SQL, served from memory.

The birth tables survive a restart of the hub, so it asks no node to be born again. A series' number
is committed before any row that uses it is taken in.
"""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, insert, select, text, update

from hub.errors import ConflictError, NotFoundError, T
from hub.ingest.node import Declared, Node, Series
from hub.ingest.shards import Lease
from hub.ingest.tables import (
    ID_LENGTH,
    AgentRow,
    AliasRow,
    NodeState,
    PendingNodeRow,
    SeriesRow,
    StoreNumberRow,
)
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.ids import uuid7

SERIES_LIMIT = 5000  # of one store
PENDING_LIMIT = 1000  # unknown nodes that are remembered
LOOK_AGAIN_S = 2.0  # how often an unknown node is looked for in SQL
_NUMBERING = text("SELECT pg_advisory_xact_lock(7526766)")  # who numbers series, one at a time


class Registry:
    """Any thread reads; `declare` and `change_state` belong to the journal's thread."""

    def __init__(
        self, db: Database, *, series_limit: int = SERIES_LIMIT, lease: Lease | None = None
    ) -> None:
        """With a `lease` of the stores of this shard alone."""
        self._db, self._lease = db, lease
        self._series_limit = series_limit
        self._lock = threading.RLock()
        self._nodes: dict[tuple[str, str], Node] = {}
        self._agents: dict[bytes, Node] = {}
        self._of_others: set[tuple[str, str]] = set()  # nodes of other shards
        self._series: list[Series | None] = [None]
        self._store_of = np.zeros(1024, np.int32)
        self._numbers: dict[UUID, int] = {}
        self._stores: dict[int, UUID] = {}
        self._of_store: dict[UUID, list[Series]] = {}
        self._looked_at = 0.0
        self._pending: dict[tuple[str, str], datetime] = {}
        self._unsaved: set[bytes] = set()
        self.load()

    def load(self) -> None:
        """Read everything anew; at start, and after agents were approved by somebody else."""
        with self._lock, self._db.system_read("registry") as connection:
            self._load_agents(connection)
            self._load_series(connection)
            alias = select(
                AliasRow.agent_id, AliasRow.alias, AliasRow.since_seq, AliasRow.series_id
            )
            if self._lease:
                alias = alias.where(AliasRow.agent_id.in_([n.agent_id for n in self.nodes()]))
            for agent_id, name, since, series in connection.execute(
                alias.order_by(AliasRow.since_seq)
            ):
                self._agents[agent_id.bytes].learn(since, {int(name): series})

    def follow(self) -> None:
        """For a process that takes nothing in: what the workers have learned since."""
        with self._lock, self._db.system_read("registry") as connection:
            self._load_agents(connection, is_follower=True)
            self._load_series(connection)

    def look_for_nodes(self) -> None:
        """Agents that were approved since, in this process or in another."""
        with self._lock, self._db.system_read("registry") as connection:
            self._load_agents(connection)

    def _load_series(self, connection: Connection) -> None:
        """Those that are not known yet."""
        numbers = select(StoreNumberRow.store_id, StoreNumberRow.number)
        for store_id, number in connection.execute(numbers):
            self._remember_store(store_id, number)
        rows = select(
            SeriesRow.id, SeriesRow.store_id, SeriesRow.agent_id, SeriesRow.device, SeriesRow.metric
        ).where(SeriesRow.id >= len(self._series))
        if self._lease:
            rows = rows.where(SeriesRow.agent_id.in_([node.agent_id for node in self.nodes()]))
        for row in connection.execute(rows.order_by(SeriesRow.id)):
            self._remember_series(Series(*row))

    def _load_agents(self, connection: Connection, *, is_follower: bool = False) -> None:
        table = AgentRow
        for row in connection.execute(
            select(
                table.id,
                table.chain_id,
                table.store_id,
                table.group_id,
                table.node_id,
                table.state,
                table.state_since,
                table.heard_at,
            )
        ):
            known = self._agents.get(row.id.bytes)
            if self._lease and not self._lease.has(row.store_id):
                self._of_others.add((row.group_id, row.node_id))
            elif known is None:
                self._remember_node(Node(*row[:5], NodeState(row.state), *row[6:]))
            elif is_follower:
                known.state = NodeState(row.state)
                known.state_since, known.heard_at = row.state_since, row.heard_at

    # who speaks

    def node(self, group: str, name: str) -> Node | None:
        """The approved node of this name; SQL is asked about unknown ones every other second."""
        found = self._nodes.get((group, name))
        now = time.monotonic()
        if found is None and now - self._looked_at >= LOOK_AGAIN_S:
            self._looked_at = now
            with self._lock, self._db.system_read("registry") as connection:
                self._load_agents(connection)
            found = self._nodes.get((group, name))
        return found

    def node_of(self, agent_id: bytes) -> Node:
        return self._agents[agent_id]

    def nodes(self) -> list[Node]:
        return list(self._agents.values())

    def approve(self, group: str, name: str, *, chain_id: UUID, store_id: UUID) -> UUID:
        """Bind an edge node to a store; the id of the new agent. Raises ConflictError."""
        agent_id = uuid7()
        with self._db.system("approve agent") as connection:
            taken = select(AgentRow.id).where(AgentRow.group_id == group, AgentRow.node_id == name)
            if connection.scalar(taken) is not None:
                raise ConflictError(
                    T(
                        f"采集端 {group}/{name} 已经绑定门店。",
                        f"The agent {group}/{name} is bound to a store already.",
                    )
                )
            connection.execute(
                insert(AgentRow).values(
                    id=agent_id,
                    chain_id=chain_id,
                    store_id=store_id,
                    group_id=group,
                    node_id=name,
                    approved_at=utc_now(),
                    state=NodeState.NEW,
                )
            )
            connection.execute(
                delete(PendingNodeRow).where(
                    PendingNodeRow.group_id == group, PendingNodeRow.node_id == name
                )
            )
        with self._lock, self._db.system_read("registry") as connection:
            self._load_agents(connection)
        return agent_id

    def note_pending(self, group: str, name: str) -> None:
        """Remember a node that waits for approval, for the next `save_states`."""
        if len(self._pending) < PENDING_LIMIT and (group, name) not in self._of_others:
            self._pending[group, name] = utc_now()

    def pending(self) -> list[tuple[str, str]]:
        """Group and node of those that wait for approval, the longest waiting first."""
        table = PendingNodeRow
        with self._db.system_read("pending nodes") as connection:
            rows = connection.execute(
                select(table.group_id, table.node_id).order_by(table.first_heard_at)
            )
            return [(group, name) for group, name in rows]

    def change_state(self, node: Node, state: NodeState) -> bool:
        """Note what the node is now; whether that is news. Saved by the next `save_states`."""
        node.heard_at = utc_now()
        self._unsaved.add(node.agent_id.bytes)
        if node.state is state:
            return False
        node.state, node.state_since = state, node.heard_at
        return True

    def shut_out(self, agent_id: UUID) -> None:
        """The node is off by a person's word; who revoked it has written that down."""
        node = self._agents.get(agent_id.bytes)
        if node is not None:
            node.state, node.state_since = NodeState.OFFLINE, utc_now()

    def save_states(self) -> None:
        """Write the states, the times last heard and who waits; every few seconds is enough."""
        agents, self._unsaved = self._unsaved, set()
        pending, self._pending = self._pending, {}
        if not agents and not pending:
            return
        with self._db.system("agent states") as connection:
            for node in [self._agents[agent] for agent in agents]:
                connection.execute(
                    update(AgentRow)
                    .where(AgentRow.id == node.agent_id)
                    .values(state=node.state, state_since=node.state_since, heard_at=node.heard_at)
                )
            for (group, name), heard_at in pending.items():
                _save_pending(connection, group, name, heard_at)

    # of what

    def declare(self, node: Node, metrics: Iterable[Declared], seq: int) -> list[Declared]:
        """Learn a birth that becomes row `seq`; committed on return. What the limit refused."""
        metrics = list(metrics)
        new, refused = self._new_names(node, metrics)
        if new or _changed(node, metrics, node.names):
            self._save_birth(node, new, metrics, seq)
        node.ignore({(m.device, m.metric) for m in refused})
        unheard = (m for m in metrics if (m.device, m.metric) not in node.names)
        node.ignore({m.alias for m in unheard if m.alias is not None})
        return refused

    def _new_names(
        self, node: Node, metrics: Sequence[Declared]
    ) -> tuple[list[tuple[str, str]], list[Declared]]:
        names = {(m.device, m.metric): m for m in metrics if (m.device, m.metric) not in node.names}
        room = max(0, self._series_limit - len(self._of_store.get(node.store_id, ())))
        return list(names)[:room], list(names.values())[room:]

    def _save_birth(
        self, node: Node, names: Sequence[tuple[str, str]], metrics: Sequence[Declared], seq: int
    ) -> None:
        with self._db.system("declare series") as connection:
            if not self._db.is_sqlite:
                connection.execute(_NUMBERING)
            number = self._number(connection, node.store_id)
            first = 1 + (connection.scalar(select(func.max(SeriesRow.id))) or 0)
            new = [
                Series(first + i, node.store_id, node.agent_id, *name)
                for i, name in enumerate(names)
            ]
            known = node.names | {(s.device, s.metric): s.id for s in new}
            changed = _changed(node, metrics, known)
            if new:
                connection.execute(insert(SeriesRow), [_row_of(s, node.chain_id) for s in new])
            if changed:
                connection.execute(
                    insert(AliasRow),
                    [
                        {
                            "agent_id": node.agent_id,
                            "alias": str(alias),
                            "since_seq": seq,
                            "series_id": series,
                        }
                        for alias, series in changed.items()
                    ],
                )
        with self._lock:
            self._remember_store(node.store_id, number)
            for series in new:
                self._remember_series(series)
            node.learn(seq, changed)

    def _number(self, connection: Connection, store_id: UUID) -> int:
        table = StoreNumberRow
        known = self._numbers.get(store_id) or connection.scalar(
            select(table.number).where(table.store_id == store_id)
        )
        if known is not None:
            return int(known)
        number = 1 + (connection.scalar(select(func.max(table.number))) or 0)
        connection.execute(insert(table).values(store_id=store_id, number=number))
        return int(number)

    # reading

    def series(self, number: int) -> Series:
        """Raises NotFoundError."""
        found = self._series[number] if 0 < number < len(self._series) else None
        if found is None:
            raise NotFoundError(T("没有这个测点。", "There is no such channel."))
        return found

    def of_store(self, store_id: UUID) -> list[Series]:
        return list(self._of_store.get(store_id, ()))

    def find(self, store_id: UUID, device: str, metric: str) -> list[Series]:
        """One for each agent of the store that has read this; mostly one in all."""
        return [
            s for s in self._of_store.get(store_id, ()) if s.device == device and s.metric == metric
        ]

    def store_of(self, series: NDArray[np.int32]) -> NDArray[np.int32]:
        """The small integer of each series' store; 0 for a series that nobody declared."""
        numbers = self._store_of
        return np.where(
            (series > 0) & (series < len(numbers)), numbers[np.minimum(series, len(numbers) - 1)], 0
        ).astype(np.int32)

    def store_of_id(self, store_id: UUID) -> int:
        """The small integer of a store that has series; 0 for one that has none."""
        return self._numbers.get(store_id, 0)

    def store_id(self, number: int) -> UUID:
        return self._stores[number]

    def _remember_node(self, node: Node) -> None:
        self._agents[node.agent_id.bytes] = node
        self._nodes[node.group, node.node] = node

    def _remember_store(self, store_id: UUID, number: int) -> None:
        self._numbers[store_id] = number
        self._stores[number] = store_id

    def _remember_series(self, series: Series) -> None:
        while len(self._series) <= series.id:
            self._series.append(None)
        if self._series[series.id] is not None:
            return
        self._series[series.id] = series
        if series.id >= len(self._store_of):
            self._store_of = np.append(self._store_of, np.zeros(series.id, np.int32))
        self._store_of[series.id] = self._numbers[series.store_id]
        self._of_store.setdefault(series.store_id, []).append(series)
        self._agents[series.agent_id.bytes].names[series.device, series.metric] = series.id


def _changed(
    node: Node, metrics: Sequence[Declared], names: Mapping[tuple[str, str], int]
) -> dict[int, int]:
    """Aliases that mean something else from now on."""
    meanings = {
        m.alias: names[m.device, m.metric]
        for m in metrics
        if m.alias is not None and (m.device, m.metric) in names
    }
    return {a: s for a, s in meanings.items() if node.aliases.series.get(a) != s}


def _row_of(series: Series, chain_id: UUID) -> dict[str, object]:
    return {
        "id": series.id,
        "chain_id": chain_id,
        "store_id": series.store_id,
        "agent_id": series.agent_id,
        "device": series.device,
        "metric": series.metric,
    }


def _save_pending(connection: Connection, group: str, name: str, heard_at: datetime) -> None:
    table = PendingNodeRow
    known = connection.execute(
        update(table)
        .where(table.group_id == group, table.node_id == name)
        .values(last_heard_at=heard_at)
    )
    number = connection.scalar(select(func.count()).select_from(table)) or 0
    if not known.rowcount and number < PENDING_LIMIT:
        row = {"group_id": group[:ID_LENGTH], "node_id": name[:ID_LENGTH]}
        connection.execute(
            insert(table).values(**row, first_heard_at=heard_at, last_heard_at=heard_at)
        )
