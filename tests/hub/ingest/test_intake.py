"""What is taken in, acknowledged, asked for and refused (EDG-08, EDG-12, R10, R17-R19)."""

import json
import sqlite3

import pytest

from hub.ingest import acks, intake
from hub.ingest.dead_letters import Cause
from hub.ingest.journal import RowKind
from hub.ingest.tables import NodeState
from protocols.sparkplug import codec
from protocols.sparkplug.journal import BatchId, OpenEpoch
from tests.hub.ingest.conftest import Hub
from tests.hub.ingest.wire import START_MS, WireNode


def kinds(hub: Hub) -> list[RowKind]:
    return [RowKind(row.kind) for row in hub.rows()]


def test_a_batch_is_acknowledged_once_it_is_durable(hub: Hub, born: WireNode) -> None:
    hub.take(born.temperature(1.0), born.temperature(2.0))
    assert hub.acknowledged() == [BatchId(born.epoch, 2)]
    assert kinds(hub) == [RowKind.NODE_BIRTH, RowKind.NODE_DATA, RowKind.NODE_DATA]


def test_nothing_is_acknowledged_when_the_commit_fails(hub: Hub, born: WireNode) -> None:
    """R7: the agent sends it again, and then it is taken."""
    other = sqlite3.connect(hub.journal.path)
    other.execute("BEGIN IMMEDIATE")
    hub.journal._write.execute("PRAGMA busy_timeout = 1")
    batch = born.temperature(1.0)
    with pytest.raises(sqlite3.OperationalError):
        hub.take(batch)
    other.close()
    assert hub.acknowledged() == []
    hub.take(batch)
    assert hub.acknowledged() == [BatchId(born.epoch, 1)]


def test_at_most_one_acknowledgement_in_200_ms_or_half_a_window(hub: Hub, born: WireNode) -> None:
    hub.take(born.temperature(1.0))
    assert hub.acknowledged() == [BatchId(born.epoch, 1)]
    hub.now_s -= 0.9  # the next commit is 100 ms after the last
    hub.take(born.temperature(2.0))
    assert hub.acknowledged() == []
    hub.now_s -= 0.99
    hub.take(*(born.temperature(1.0) for _ in range(acks.ACK_ROWS)))
    assert hub.acknowledged() == [BatchId(born.epoch, acks.ACK_ROWS + 2)]
    hub.take(born.temperature(3.0))
    assert hub.acknowledged() == [BatchId(born.epoch, acks.ACK_ROWS + 3)]


def test_each_batch_is_stored_once_whatever_order_it_comes_in(hub: Hub, born: WireNode) -> None:
    """R17: repeated, swapped and replayed batches; the acknowledgement tells where to go on."""
    one, two, three = (born.temperature(float(n)) for n in range(3))
    hub.take(one, three, one, two, two, three, one)
    assert [row.batch_id for row in hub.rows()[1:]] == [1, 2, 3]
    assert hub.letters.counts[Cause.REPLAYED] == 3
    assert hub.intake.counts["out_of_order"] == 1
    hub.take(one)
    assert hub.acknowledged()[-1] == BatchId(born.epoch, 3)


def test_a_restart_remembers_the_watermark_and_asks_for_no_birth(hub: Hub, born: WireNode) -> None:
    one = born.temperature(1.0)
    hub.take(one)
    hub.restart()
    hub.take(one, born.temperature(2.0))
    assert [row.batch_id for row in hub.rows()[1:]] == [1, 2]
    assert hub.rebirths() == 0


def test_an_unknown_alias_is_not_taken_and_a_birth_is_asked_for_once(
    hub: Hub, born: WireNode
) -> None:
    strange = born.data([born.sample(99, 1.0)])
    hub.take(strange, strange)
    assert hub.rebirths() == 1
    assert len(hub.rows()) == 1
    born.metrics = (*born.metrics, *(f"meter-1/power_l{n}_w" for n in range(97)))
    hub.take(born.birth(), strange)
    assert [row.batch_id for row in hub.rows()[2:]] == [1]


def test_a_node_that_nobody_approved_is_remembered_and_keeps_its_batches(
    hub: Hub, wire: WireNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.take(wire.birth(), wire.temperature(1.0))
    hub.registry.save_states()
    assert hub.registry.pending() == [("demo-1", "agent-1")]
    assert hub.rows() == []
    assert hub.sent == []
    hub.approve(wire)
    assert hub.registry.pending() == []
    wire.last = 0
    batch = wire.temperature(1.0)
    hub.take(batch)
    assert hub.rebirths() == 1
    hub.take(wire.birth(), batch)
    assert kinds(hub) == [RowKind.NODE_BIRTH, RowKind.NODE_DATA]


def test_dropped_batches_become_one_gap_row(hub: Hub, born: WireNode) -> None:
    hub.take(born.temperature(1.0))
    born.last = 50
    hub.take(born.announce([OpenEpoch(born.epoch, 41, 50)]))
    gap = hub.rows()[-1]
    assert RowKind(gap.kind) is RowKind.GAP
    detail = json.loads(gap.payload)
    assert (detail["first"], detail["last"], detail["cause"]) == (2, 40, "dropped")
    assert detail["since_ms"] < detail["until_ms"]
    assert hub.acknowledged()[-1] == BatchId(born.epoch, 40)
    hub.take(born.temperature(2.0, batch=BatchId(born.epoch, 41)))
    assert hub.rows()[-1].batch_id == 41


def test_an_empty_batch_is_a_gap_that_the_node_tells(hub: Hub, born: WireNode) -> None:
    """R9, TSD-11: values that a damaged outbox lost are a visible gap, and the next batch comes."""
    hub.take(born.temperature(1.0), born.data([], BatchId(born.epoch, 2)))
    gap = hub.rows()[-1]
    assert RowKind(gap.kind) is RowKind.GAP
    detail = json.loads(gap.payload)
    assert (detail["first"], detail["last"], detail["cause"]) == (2, 2, "lost")
    assert hub.acknowledged()[-1] == BatchId(born.epoch, 2)
    hub.take(born.temperature(2.0, batch=BatchId(born.epoch, 3)))
    assert hub.rows()[-1].batch_id == 3


def test_an_announcement_is_answered_for_every_epoch_it_lists(hub: Hub, born: WireNode) -> None:
    """A restored hub says 0 of an epoch it has forgotten, so the agent sends it again."""
    hub.take(born.announce([OpenEpoch(born.epoch, 1, 0), OpenEpoch(3, 1, 9)]))
    assert hub.acknowledged() == [BatchId(3, 0), BatchId(born.epoch, 0)]


def test_a_clone_is_quarantined_until_somebody_releases_it(hub: Hub, born: WireNode) -> None:
    """R18: nothing is taken from either; the genuine one loses nothing, it is not acknowledged."""
    twin = WireNode(epoch=8, now_ms=born.now_ms)
    hub.take(twin.birth(), twin.temperature(1.0))
    born.now_ms = twin.now_ms
    hub.acknowledged()
    hub.take(born.birth(), born.temperature(2.0), twin.temperature(3.0))
    node = hub.registry.nodes()[0]
    assert node.state is NodeState.QUARANTINED
    assert kinds(hub)[-1] is RowKind.QUARANTINE
    assert hub.acknowledged() == []
    hub.intake.release(node.agent_id)
    born.last = 0
    hub.take(born.birth(), born.temperature(2.0))
    assert hub.acknowledged() == [BatchId(born.epoch, 1)]


def test_a_birth_that_is_played_back_accuses_nobody(hub: Hub, wire: WireNode) -> None:
    hub.approve(wire)
    recorded = wire.birth()
    wire.epoch = 8
    hub.take(recorded, wire.birth(), recorded)
    assert hub.registry.nodes()[0].state is NodeState.ONLINE
    assert hub.letters.counts[Cause.REPLAYED] == 1


def test_an_agent_that_was_restored_begins_a_new_epoch_and_loses_nothing(
    hub: Hub, born: WireNode
) -> None:
    """R19: it has forgotten that batch 2 and 3 were sent; its numbers go on in another epoch."""
    hub.take(*(born.temperature(float(n)) for n in range(3)))
    born.epoch, born.last = 9, 0
    hub.take(born.birth([OpenEpoch(9, 1, 0), OpenEpoch(7, 1, 1)]), born.temperature(9.0))
    assert (hub.rows()[-1].epoch, hub.rows()[-1].batch_id) == (9, 1)
    assert RowKind.GAP not in kinds(hub)


@pytest.mark.parametrize(("bdseq", "is_taken"), [(5, True), (6, True), (4, False), (255, False)])
def test_a_death_counts_if_it_is_not_of_an_older_session(
    hub: Hub, wire: WireNode, bdseq: int, is_taken: bool
) -> None:
    """The hub may have missed the birth that belongs to a newer one."""
    hub.approve(wire)
    wire.bdseq = 5
    hub.take(wire.birth())
    wire.bdseq = bdseq
    hub.take(wire.death())
    assert (kinds(hub)[-1] is RowKind.NODE_DEATH) is is_taken
    assert hub.states == ["online", "offline"][: 1 + is_taken]


@pytest.mark.parametrize(
    ("topic", "payload", "cause"),
    [
        ("spBv1.0/demo-1/NDATA/agent-1", b"\xff\xff\xff", Cause.MALFORMED),
        ("spBv1.0/demo-1/NDATA/agent-1", b"{" * 100, Cause.MALFORMED),
        ("spBv1.0/demo-1/NFOO/agent-1", b"", Cause.FOREIGN),
        ("spBv1.0/demo-1/NDATA/agent-1/extra", b"", Cause.FOREIGN),
        ("spBv1.0/demo-1/NDATA/agent-1", b"x" * (intake.MAX_PAYLOAD + 1), Cause.OVERSIZED),
    ],
)
def test_what_cannot_be_taken_is_counted_and_stops_nothing(
    hub: Hub, born: WireNode, topic: str, payload: bytes, cause: Cause
) -> None:
    """R10."""
    hub.take((topic, payload), born.temperature(1.0))
    assert hub.letters.counts[cause] == 1
    assert hub.rows()[-1].batch_id == 1


def test_an_announcement_that_makes_no_sense_is_malformed(hub: Hub, born: WireNode) -> None:
    topic, _ = born.announce([])
    text = codec.named("Journal/Open", codec.Datatype.STRING, "7:1:2", 1)
    hub.take((topic, codec.message(text, time_ms=1, seq=1)))
    assert hub.letters.counts[Cause.MALFORMED] == 1


def test_commands_of_others_are_not_ours(hub: Hub, born: WireNode) -> None:
    hub.take((born.topic("NCMD"), codec.rebirth_command(time_ms=1)))
    assert not hub.letters.counts
    assert len(hub.rows()) == 1


def test_a_foreign_node_is_numbered_as_it_arrives(hub: Hub, wire: WireNode) -> None:
    hub.approve(wire)
    metrics = [codec.Declaration("Motor/Speed", codec.Datatype.DOUBLE, 5.0, alias=0)]
    birth = codec.birth(metrics, time_ms=START_MS, seq=0)
    data = codec.message(codec.encode_values([wire.sample(0, 6.0)]), time_ms=START_MS, seq=1)
    hub.take((wire.topic("NBIRTH"), birth), (wire.topic("NDATA"), data))
    assert [(row.epoch, row.batch_id) for row in hub.rows()] == [(0, 1), (0, 2)]
    assert hub.acknowledged() == []


def test_numbers_beyond_all_bounds_harm_nobody(hub: Hub, born: WireNode) -> None:
    """R10: they are unsigned 64 bit on the wire."""
    huge = "f" * 16 + f":{10**18 * 9}:{10**18 * 9}"
    text = codec.named("Journal/Open", codec.Datatype.STRING, huge, 1)
    hub.take((born.topic("NDATA"), codec.message(text, time_ms=2**64 - 1, seq=1)))
    assert hub.letters.counts[Cause.MALFORMED] == 1
    born.bdseq, born.now_ms = 2**62, 2**64 - 10_000
    hub.take(born.birth())
    born.now_ms = START_MS
    strange = codec.Sample(2, codec.Datatype.STRING, 2**64 - 1, "ticket")
    hub.take(born.data([strange]))
    found = hub.feed.next("test", 2)
    assert found is not None
    assert [event.t_ms for event in found.texts] == [START_MS + 60_000]
    assert hub.acknowledged()[-1] == BatchId(born.epoch, 1)
