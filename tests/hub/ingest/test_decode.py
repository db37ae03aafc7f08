"""Rows of the journal become blocks (TSD-01, TSD-11, R5, R10)."""

import json

import numpy as np
import pytest

from hub.ingest.block import Block, NodeEventKind
from hub.ingest.dead_letters import Cause
from hub.timeseries.port import PointQuality
from protocols.reading import Quality
from protocols.sparkplug import codec
from protocols.sparkplug.codec import Datatype, Declaration, Sample
from protocols.sparkplug.journal import BatchId, OpenEpoch
from tests.hub.ingest.conftest import Hub
from tests.hub.ingest.wire import START_MS, WireNode

DAY_MS = 86_400_000


def block(hub: Hub, after: int = 1) -> Block:
    found = hub.feed.next("test", after)
    assert found is not None
    return found


def points(found: Block) -> list[tuple[int, int, float, PointQuality]]:
    p = found.points
    return [
        (s, t, v, PointQuality(q))
        for s, t, v, q in zip(
            p.series.tolist(), p.t_ms.tolist(), p.value.tolist(), p.quality.tolist(), strict=True
        )
    ]


def double(alias: int, t_ms: int, value: float | None, quality: Quality = Quality.GOOD) -> Sample:
    return Sample(alias, Datatype.DOUBLE, t_ms, value, quality)


def test_values_keep_their_order_and_their_stamps(hub: Hub, born: WireNode) -> None:
    hub.take(
        born.data([double(1, START_MS + 2, 4.5), double(1, START_MS + 1, 4.25)]),
        born.data([double(1, START_MS, -20.0)], is_historical=True),
        received_ms=START_MS + 5,
    )
    found = block(hub)
    assert points(found) == [
        (1, START_MS + 2, 4.5, PointQuality.GOOD),
        (1, START_MS + 1, 4.25, PointQuality.GOOD),
        (1, START_MS, -20.0, PointQuality.BACKFILLED),
    ]
    assert found.historical.tolist() == [False, False, True]
    assert found.received_ms.tolist() == [START_MS + 5] * 3
    assert (found.first_seq, found.last_seq) == (2, 3)


@pytest.mark.parametrize(
    ("value", "quality", "seen"),
    [
        (4.0, Quality.GOOD, (4.0, PointQuality.GOOD)),
        (4.0, Quality.ESTIMATED, (4.0, PointQuality.ESTIMATED)),
        (4.0, Quality.BAD, (0.0, PointQuality.BAD)),
        (4.0, Quality.STALE, (0.0, PointQuality.STALE)),
        (None, Quality.STALE, (0.0, PointQuality.STALE)),
        (None, Quality.BAD, (0.0, PointQuality.BAD)),
        (None, Quality.GOOD, (0.0, PointQuality.BAD)),
        (float("nan"), Quality.GOOD, (0.0, PointQuality.BAD)),
        (float("inf"), Quality.GOOD, (0.0, PointQuality.BAD)),
    ],
)
def test_no_value_is_quality_never_a_number(
    hub: Hub,
    born: WireNode,
    value: float | None,
    quality: Quality,
    seen: tuple[float, PointQuality],
) -> None:
    hub.take(born.data([double(1, START_MS, value, quality)]))
    assert [(v, q) for _, _, v, q in points(block(hub))] == [seen]
    is_strange = value is not None and not np.isfinite(value)
    assert hub.letters.counts[Cause.NOT_A_NUMBER] == is_strange


@pytest.mark.parametrize(
    ("ahead_ms", "quality"),
    [
        (0, PointQuality.GOOD),
        (5 * 60_000, PointQuality.ESTIMATED),
        (DAY_MS, PointQuality.ESTIMATED),
        (7 * DAY_MS, None),
        (-START_MS + 5, None),
    ],
)
def test_a_clock_ahead_is_flagged_and_an_impossible_one_refused(
    hub: Hub, born: WireNode, ahead_ms: int, quality: PointQuality | None
) -> None:
    """R5: the hub never changes a stamp."""
    hub.take(born.data([double(1, START_MS + ahead_ms, 4.0)]), received_ms=START_MS)
    found = points(block(hub))
    assert [q for _, _, _, q in found] == ([] if quality is None else [quality])
    assert hub.letters.counts[Cause.TIME] == (quality is None)
    assert all(t == START_MS + ahead_ms for _, t, _, _ in found)


def test_a_ticket_is_a_text_with_the_identity_of_its_place(hub: Hub, born: WireNode) -> None:
    """EDG-06: node, epoch, batch and index, whatever it says."""
    hub.take(born.data([born.sample(1, 4.0), born.sample(2, '{"n": 1}'), born.sample(2, "x")]))
    found = block(hub)
    assert len(found.points) == 1
    assert [(t.device, t.metric, t.text, t.batch_id, t.index) for t in found.texts] == [
        ("till-1", "ticket", '{"n": 1}', 1, 1),
        ("till-1", "ticket", "x", 1, 2),
    ]
    assert found.texts[0].epoch == born.epoch


def test_a_death_makes_every_value_stale_at_its_receipt(hub: Hub, born: WireNode) -> None:
    hub.take(born.temperature(4.0), born.death(), received_ms=START_MS + 9000)
    found = block(hub)
    assert points(found)[-1] == (1, START_MS + 9000, 0.0, PointQuality.STALE)
    assert len(found.points) == 2
    assert [event.kind for event in found.nodes] == [NodeEventKind.DEATH]


def test_a_death_from_before_the_first_birth_says_nothing_whenever_it_is_read(
    hub: Hub, born: WireNode
) -> None:
    """R17: a replay finds what the first run found, though it knows more series by now."""
    early = WireNode(epoch=9, node="store-9")
    hub.approve(early)
    hub.take(early.death())
    hub.take(early.birth(), early.temperature(4.0), early.death())
    found = block(hub)
    kinds = [event.kind for event in found.nodes]
    assert kinds == [NodeEventKind.DEATH, NodeEventKind.BIRTH, NodeEventKind.DEATH]
    assert [PointQuality(quality) for quality in found.points.quality].count(
        PointQuality.STALE
    ) == 1


def test_births_gaps_and_quarantines_are_told_in_order(hub: Hub, born: WireNode) -> None:
    hub.take(born.announce([OpenEpoch(born.epoch, 5, 4)]))
    twin = WireNode(epoch=8, now_ms=born.now_ms)
    hub.take(twin.birth())
    born.now_ms = twin.now_ms
    hub.take(born.birth())
    events = block(hub, 0).nodes
    assert [event.kind for event in events] == [
        NodeEventKind.BIRTH,
        NodeEventKind.GAP,
        NodeEventKind.BIRTH,
        NodeEventKind.QUARANTINE,
    ]
    assert json.loads(events[1].detail)["last"] == 4


def test_layout_device_reads_the_same(hub: Hub, wire: WireNode) -> None:
    """Births and data of a device bear bare names; its death ends its own values alone."""
    hub.approve(wire)
    wire.metrics = ()
    births = [
        (
            wire.topic("DBIRTH", device),
            codec.birth(
                [Declaration("air_temperature_c", Datatype.DOUBLE, 7.0, alias=alias)],
                time_ms=START_MS,
                seq=1,
            ),
        )
        for alias, device in enumerate(("cabinet-1", "freezer-1"), 1)
    ]
    _, payload = wire.data([double(2, START_MS, -20.0)])
    death = (wire.topic("DDEATH", "freezer-1"), codec.device_death(time_ms=START_MS, seq=3))
    hub.take(wire.birth(), *births, (wire.topic("DDATA", "freezer-1"), payload), death)
    found = block(hub, 0)
    assert [(s, v, q) for s, _, v, q in points(found)] == [
        (2, -20.0, PointQuality.GOOD),
        (2, 0.0, PointQuality.STALE),
    ]
    assert hub.registry.series(2).device == "freezer-1"


def test_a_foreign_node_is_read_in_its_own_way(hub: Hub, wire: WireNode) -> None:
    """No batches, alias 0, names instead of aliases, integers, no stamps, huge aliases."""
    hub.approve(wire)
    declared = [
        Declaration("Motor/Speed/RPM", Datatype.INT32, -5, alias=0),
        Declaration("Level", Datatype.FLOAT, 0.5),
        Declaration("Pump/On", Datatype.BOOLEAN, True, alias=2**60),
    ]
    birth = codec.birth(declared, time_ms=START_MS, seq=0)
    data = (
        codec.encode_values([Sample(2**60, Datatype.BOOLEAN, START_MS + 1, False)])
        + codec.named("Level", Datatype.FLOAT, 0.25, START_MS + 2)
        + codec.encode_values([Sample(0, Datatype.INT32, 0, 7)])
    )
    hub.take(
        (wire.topic("NBIRTH"), birth),
        (wire.topic("NDATA"), codec.message(data, time_ms=START_MS, seq=1)),
        received_ms=START_MS + 5,
    )
    assert [(s, t - START_MS, v) for s, t, v, _ in points(block(hub, 0))] == [
        (1, 0, -5.0),
        (2, 0, 0.5),
        (3, 0, 1.0),
        (3, 1, 0.0),
        (2, 2, 0.25),
        (1, 5, 7.0),
    ]
    names = [(s.device, s.metric) for s in map(hub.registry.series, (1, 2, 3))]
    assert names == [("Motor", "Speed/RPM"), ("", "Level"), ("Pump", "On")]


def test_a_foreign_alias_that_changes_means_what_it_meant(hub: Hub, wire: WireNode) -> None:
    """Rows are decoded again after a restart, and then by the birth before them."""
    hub.approve(wire)
    for name, value in (("a/x", 1.0), ("b/x", 2.0)):
        birth = codec.birth(
            [Declaration(name, Datatype.DOUBLE, value, alias=1)], time_ms=START_MS, seq=0
        )
        data = codec.encode_values([double(1, START_MS + 1, value)])
        hub.take(
            (wire.topic("NBIRTH"), birth),
            (wire.topic("NDATA"), codec.message(data, time_ms=START_MS, seq=1)),
        )
    expected = [(1, 1.0), (1, 1.0), (2, 2.0), (2, 2.0)]
    assert [(s, v) for s, _, v, _ in points(block(hub, 0))] == expected
    hub.restart()
    assert [(s, v) for s, _, v, _ in points(block(hub, 0))] == expected


def test_a_birth_of_our_agent_counts_no_value_twice(hub: Hub, wire: WireNode) -> None:
    hub.approve(wire)
    hub.take(wire.birth(), wire.temperature(4.0, batch=BatchId(wire.epoch, 1)), wire.birth())
    assert [v for _, _, v, _ in points(block(hub, 0))] == [4.0]
