"""Agents, stores and series, kept across restarts (EDG-11, TSD-01, R33)."""

from uuid import UUID, uuid4

import numpy as np
import pytest

from hub.errors import ConflictError, NotFoundError
from hub.ingest.dead_letters import Cause
from hub.ingest.node import MOST_IGNORED
from hub.ingest.registry import Registry
from hub.ingest.tables import NodeState
from tests.hub.ingest.conftest import Hub
from tests.hub.ingest.wire import WireNode


def test_a_series_keeps_its_number_for_good(hub: Hub, born: WireNode) -> None:
    store_id = hub.registry.nodes()[0].store_id
    before = hub.registry.of_store(store_id)
    hub.restart()
    hub.take(born.birth())
    assert hub.registry.of_store(store_id) == before
    assert [(s.id, s.device, s.metric) for s in before] == [
        (1, "freezer-1", "air_temperature_c"),
        (2, "till-1", "ticket"),
    ]


def test_series_of_all_stores_share_one_count_and_know_their_store(hub: Hub) -> None:
    stores = [uuid4(), uuid4()]
    for number, store_id in enumerate(stores):
        wire = WireNode(node=f"agent-{number}")
        hub.approve(wire, store_id)
        hub.take(wire.birth())
    asked = np.array([4, 1, 0, -1, 9999], np.int32)
    numbers = hub.registry.store_of(asked)
    assert numbers.tolist() == [2, 1, 0, 0, 0]
    assert [hub.registry.store_id(int(n)) for n in numbers[:2]] == [stores[1], stores[0]]
    assert hub.registry.series(4).store_id == stores[1]
    found = hub.registry.find(stores[0], "freezer-1", "air_temperature_c")
    assert [series.id for series in found] == [1]


def test_a_series_that_nobody_declared_is_not_found(hub: Hub) -> None:
    for number in (0, -1, 1):
        with pytest.raises(NotFoundError):
            hub.registry.series(number)


def test_an_agent_belongs_to_one_store_for_good(hub: Hub, born: WireNode) -> None:
    with pytest.raises(ConflictError, match="bound to a store already"):
        hub.approve(born)


def test_a_store_has_a_limit_of_series_that_others_do_not_feel(hub: Hub, wire: WireNode) -> None:
    """R33: what is beyond it is refused and counted, the rest flows."""
    hub.registry._series_limit = 3
    hub.approve(wire)
    wire.metrics = tuple(f"tag-{n}/power_w" for n in range(10))
    hub.take(wire.birth())
    assert len(hub.registry.of_store(hub.registry.nodes()[0].store_id)) == 3
    assert hub.letters.counts[Cause.SERIES_LIMIT] == 7
    hub.take(wire.data([wire.sample(1, 1.0), wire.sample(10, 1.0)]))
    found = hub.feed.next("test", 0)
    assert found is not None
    assert found.points.series.tolist() == [1]
    assert hub.letters.counts[Cause.UNKNOWN_METRIC] == 1
    other = WireNode(node="agent-2")
    hub.approve(other)
    hub.take(other.birth(), other.temperature(1.0))
    assert hub.rows()[-1].batch_id == 1


def test_approval_by_somebody_else_is_seen_soon(hub: Hub, wire: WireNode) -> None:
    """Enrolment makes the row in another process, or by SQL."""
    assert hub.registry.node(wire.group, wire.node) is None
    Registry(hub.db).approve(wire.group, wire.node, chain_id=uuid4(), store_id=uuid4())
    assert hub.registry.node(wire.group, wire.node) is None
    hub.registry._looked_at -= 10
    assert hub.registry.node(wire.group, wire.node) is not None


def test_states_survive_a_restart(hub: Hub, born: WireNode) -> None:
    hub.take(born.death())
    hub.registry.save_states()
    hub.restart()
    node = hub.registry.nodes()[0]
    assert node.state is NodeState.OFFLINE
    assert node.heard_at is not None
    assert node.state_since is not None


def test_many_unknown_nodes_need_little(hub: Hub) -> None:
    for number in range(1100):
        hub.registry.note_pending("g", f"n{number}")
    hub.registry.save_states()
    assert len(hub.registry.pending()) == 1000


def test_ids_are_uuids_of_the_agents_row(hub: Hub, wire: WireNode) -> None:
    agent_id = hub.approve(wire)
    assert isinstance(agent_id, UUID)
    assert hub.registry.node_of(agent_id.bytes).agent_id == agent_id


def test_a_store_that_invents_metrics_without_end_is_capped(hub: Hub, wire: WireNode) -> None:
    """R33: what is not kept is not remembered without end either, and others do not feel it."""
    hub.registry._series_limit = 1000
    hub.approve(wire)
    for turn in range(12):
        wire.metrics = [f"d-{turn}/m-{number}" for number in range(6000)]
        hub.take(wire.birth())
    (node,) = hub.registry.nodes()
    assert len(hub.registry.of_store(node.store_id)) == 1000
    assert len(node.ignored) <= MOST_IGNORED
    assert hub.letters.counts[Cause.SERIES_LIMIT] == 12 * 6000 - 1000
    other = WireNode(node="agent-2")
    hub.approve(other)
    hub.take(other.birth(), other.temperature(1.0))
    assert hub.rows()[-1].batch_id == 1
