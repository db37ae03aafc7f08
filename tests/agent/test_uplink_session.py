"""The uplink's decisions on a real outbox; names end with the Sparkplug assertions they prove."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.settings import Layout
from agent.uplink_session import UplinkRules
from protocols.mqtt.client import Message
from protocols.reading import Reading
from protocols.sparkplug import codec, journal
from protocols.sparkplug.journal import BatchId
from protocols.sparkplug.sparkplug_b_pb2 import Payload
from protocols.sparkplug.topics import EdgeNode, MessageType, parse_topic
from tests.simulation.store import SimulatedClock, SimulatedStore, at_noon

NODE = EdgeNode("chain-0", "store-1")
RULES = UplinkRules(window=256, first_window=256, drain_per_s=0, unacknowledged_s=1e9)


class Line:
    """A store and what it says."""

    def __init__(self, folder: Path, rules: UplinkRules = RULES) -> None:
        self.clock = SimulatedClock(at_noon())
        rng = random.Random(1)
        self.store = SimulatedStore(NODE, folder, self.clock, rng, rules, max_bytes=10**9)
        self.count = 0

    def read(self, batches: int, *, device: str = "meter-1", metric: str = "power_w") -> None:
        """So many urgent readings, each a batch of its own."""
        for _ in range(batches):
            self.clock.advance(0.01)
            self.count += 1
            reading = Reading(device, metric, float(self.count), self.clock.utc())
            self.store.take([reading])
            self.store.tick()

    def connect(self) -> list[Message]:
        self.store.session.will()
        return self.store.session.connected()

    def due(self) -> list[Message]:
        """All there is to send now."""
        found: list[Message] = []
        while turn := list(self.store.session.due()):
            found += turn
        return found

    def acknowledge(self, row_id: int, *, ordinal: int = -1) -> None:
        number = self.store.epochs[ordinal].number
        self.store.session.command(journal.ack_command([BatchId(number, row_id)], time_ms=1))

    def drain_first(self) -> None:
        """The state of every store that has run for a while."""
        self.read(1)
        self.connect()
        self.due()
        self.acknowledge(1)
        self.clock.advance(1)

    def restart(self) -> None:
        self.store.sync_and_restart()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path / "store")
    yield made
    made.store.close()


def kind(message: Message) -> MessageType:
    return parse_topic(message.topic).kind


def parsed(message: Message) -> Payload:
    return codec.parse(message.payload)


def batches(messages: list[Message]) -> list[BatchId]:
    found = [journal.decode_body(parsed(message)) for message in messages]
    return [batch for batch in found if batch is not None]


def ids(messages: list[Message]) -> list[int]:
    return [batch.id for batch in batches(messages)]


# births and deaths


def test_a_birth_declares_everything_and_matches_the_will(line: Line) -> None:
    """payloads-nbirth-bdseq, topics-nbirth-bdseq-matching, payloads-nbirth-rebirth-req,
    operational-behavior-data-commands-rebirth-name-aliases, payloads-alias-birth-requirement"""
    line.read(2)
    line.read(1, metric="energy_kwh")
    will = line.store.session.will()
    (birth,) = line.store.session.connected()
    assert (kind(birth), birth.qos, birth.retain) == (MessageType.NBIRTH, 0, False)
    assert (kind(will), will.qos, will.retain) == (MessageType.NDEATH, 1, False)
    assert codec.bdseq_of(parsed(birth)) == codec.bdseq_of(parsed(will)) == 1
    metrics = {metric.name: metric for metric in parsed(birth).metrics}
    assert metrics["Node Control/Rebirth"].boolean_value is False
    assert not metrics["Node Control/Rebirth"].HasField("alias")
    assert metrics["meter-1/power_w"].double_value == 2.0
    assert {m.alias for m in metrics.values() if m.HasField("alias")} == {1, 2}
    live = line.store.epochs[-1]
    assert journal.announced(parsed(birth)) == [(live.number, 1, 3)]


def test_bdseq_grows_at_every_connect_wraps_and_survives_a_restart(line: Line) -> None:
    """topics-nbirth-bdseq-increment"""
    seen = [codec.bdseq_of(parsed(line.store.session.will())) for _ in range(256)]
    assert seen == [*range(1, 256), 0]
    line.store.tick()
    line.restart()
    assert codec.bdseq_of(parsed(line.store.session.will())) == 1


def test_seq_counts_every_message_and_wraps(line: Line) -> None:
    """payloads-sequence-num-incrementing, payloads-nbirth-seq"""
    (birth,) = line.connect()
    line.read(1)
    line.acknowledge(0)
    messages = [birth]
    for row_id in range(300):
        messages += line.due()
        line.acknowledge(row_id)
        line.read(1)
    seqs = [parsed(message).seq for message in messages]
    first_data = next(i for i, m in enumerate(messages) if kind(m) is MessageType.NDATA)
    assert seqs[:first_data][-1] == 0
    expected = [n % 256 for n in range(len(seqs) - first_data + 1)][1:]
    assert seqs[first_data:] == expected


def test_a_rebirth_keeps_bdseq_and_stops_no_data(line: Line) -> None:
    """operational-behavior-data-commands-rebirth-action-1 to -3"""
    line.read(1)
    line.connect()
    line.due()
    line.read(1)
    line.store.session.command(codec.rebirth_command(time_ms=1))
    birth, data = line.due()
    assert (kind(birth), kind(data)) == (MessageType.NBIRTH, MessageType.NDATA)
    assert codec.bdseq_of(parsed(birth)) == 1
    assert (parsed(birth).seq, parsed(data).seq) == (0, 1)


def test_a_new_metric_is_born_before_it_is_sent(line: Line) -> None:
    """operational-behavior-data-publish-nbirth-change"""
    line.read(1)
    line.connect()
    line.due()
    line.read(1, metric="energy_kwh")
    birth, data = line.due()
    assert kind(birth) is MessageType.NBIRTH
    assert parsed(data).metrics[0].alias == 2


def test_a_stop_says_death_and_a_lost_line_says_nothing(line: Line) -> None:
    """operational-behavior-edge-node-intentional-disconnect-ndeath"""
    line.connect()
    (death,) = line.store.session.farewell()
    assert (kind(death), death.qos) == (MessageType.NDEATH, 1)
    assert codec.bdseq_of(parsed(death)) == 1
    line.store.session.disconnected()
    assert line.store.session.farewell() == []
    assert line.due() == []


# sending and acknowledgement


def test_live_values_are_current_and_what_is_sent_again_is_historical(line: Line) -> None:
    line.drain_first()
    line.read(1)
    (first,) = line.due()
    line.clock.advance(6)
    (again,) = line.due()
    assert batches([first]) == batches([again])
    one, two = parsed(first).metrics[0], parsed(again).metrics[0]
    assert (one.is_historical, two.is_historical) == (False, True)
    assert (one.timestamp, one.double_value) == (two.timestamp, two.double_value)
    assert parsed(again).timestamp > parsed(first).timestamp


def test_what_is_acknowledged_is_never_sent_again(line: Line) -> None:
    line.read(5)
    line.connect()
    assert ids(line.due()) == [1, 2, 3, 4, 5]
    line.acknowledge(3)
    line.clock.advance(6)
    assert ids(line.due()) == [4, 5]
    line.acknowledge(5)
    line.clock.advance(50)
    assert ids(line.due()) == []
    assert line.store.epochs[-1].waiting == 0


def test_a_lower_acknowledgement_sends_again_from_there(line: Line) -> None:
    """R30: only a hub that was restored from an older copy says so."""
    line.read(5)
    line.connect()
    line.due()
    line.acknowledge(5)
    line.acknowledge(2)
    assert ids(line.due()) == [3, 4, 5]


def test_never_more_than_the_window_is_under_way(line: Line) -> None:
    line.read(600)
    line.connect()
    assert ids(line.due()) == list(range(1, 257))
    line.acknowledge(100)
    assert ids(line.due()) == list(range(257, 357))


def test_without_progress_it_goes_back_and_sends_less(line: Line) -> None:
    line.read(300)
    line.connect()
    assert len(ids(line.due())) == 256
    sizes = []
    for _ in range(8):
        line.clock.advance(61)
        sizes.append(len(ids(line.due())))
    assert sizes == [128, 64, 32, 16, 8, 8, 8, 8]
    line.acknowledge(8)
    assert len(ids(line.due())) == 16


def test_an_acknowledgement_beyond_what_exists_skips_nothing(line: Line) -> None:
    line.drain_first()
    line.read(1)
    line.due()
    line.acknowledge(1000)
    line.read(1)
    assert ids(line.due()) == [3]


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff",
        codec.command("Node Control/Scan Rate", codec.Datatype.INT64, 5, time_ms=1),
        codec.command(journal.ACK, codec.Datatype.STRING, "nonsense", time_ms=1),
        journal.ack_command([BatchId(12345, 1)], time_ms=1),
    ],
)
def test_a_command_that_is_not_ours_changes_nothing(line: Line, payload: bytes) -> None:
    line.drain_first()
    line.read(1)
    line.due()
    line.store.session.command(payload)
    assert line.due() == []


def test_a_damaged_batch_is_sent_empty_so_that_the_hub_goes_on(line: Line) -> None:
    """R9: its id is kept, its values are not made up."""
    line.read(3)
    line.store.file.sync()
    line.store.damage(row_id=2)
    line.connect()
    messages = line.due()
    assert ids(messages) == [1, 2, 3]
    assert [len(parsed(message).metrics) for message in messages] == [1, 0, 1]


# backlog and live


def test_a_first_history_goes_before_what_is_live(line: Line) -> None:
    line.read(3)
    line.store.begin_epoch()
    line.read(2)
    line.connect()
    old, live = (epoch.number for epoch in line.store.epochs)
    assert [b.epoch for b in batches(line.due())] == [old] * 3 + [live] * 2


def test_later_the_live_epoch_goes_first_and_the_backlog_beside_it(line: Line) -> None:
    line.drain_first()
    line.store.session.disconnected()
    line.read(50)
    line.store.begin_epoch()
    line.read(2)
    line.connect()
    live = line.store.epochs[-1].number
    assert [b.epoch == live for b in batches(line.due())] == [True] * 2 + [False] * 50


def test_the_backlog_of_several_outages_keeps_its_order(line: Line) -> None:
    """EDG-12: oldest first, so that who judges late values hears them as they were."""
    line.drain_first()
    line.store.session.disconnected()
    for _ in range(2):
        line.read(20)
        line.store.begin_epoch()
    line.read(2)
    line.connect()
    *_, older, newer, live = (epoch.number for epoch in line.store.epochs)
    assert [b.epoch for b in batches(line.due())] == [live] * 2 + [older] * 20 + [newer] * 20


def test_the_backlog_leaves_room_for_live_values(tmp_path: Path) -> None:
    line = Line(tmp_path / "s", replace(RULES, window=64))
    line.drain_first()
    line.store.session.disconnected()
    line.read(200)
    line.store.begin_epoch()
    line.connect()
    assert len(ids(line.due())) == 32
    line.read(3)
    live = line.store.epochs[-1].number
    assert [b.epoch for b in batches(line.due())] == [live] * 3
    line.store.close()


def test_the_backlog_keeps_to_its_rate(tmp_path: Path) -> None:
    """R3: live data is not delayed while 72 h drain."""
    line = Line(tmp_path / "s", replace(RULES, drain_per_s=20))
    line.drain_first()
    line.store.session.disconnected()
    line.read(200)
    line.store.begin_epoch()
    line.connect()
    sent = 0
    for _ in range(5):
        line.clock.advance(1)
        sent += len(ids(line.due()))
    assert 95 <= sent <= 105
    assert line.store.session.next_s() > line.clock.monotonic_s()
    line.store.close()


def test_after_a_long_outage_live_values_get_an_epoch_of_their_own(line: Line) -> None:
    line.drain_first()
    line.store.session.disconnected()
    line.read(5)
    line.clock.advance(61)
    before = len(line.store.epochs)
    line.connect()
    assert len(line.store.epochs) == before + 1
    line.store.session.disconnected()
    line.connect()
    assert len(line.store.epochs) == before + 1, "an empty live epoch needs no other"


def test_a_short_outage_begins_no_epoch(line: Line) -> None:
    line.drain_first()
    line.store.session.disconnected()
    line.read(5)
    line.clock.advance(30)
    before = len(line.store.epochs)
    line.connect()
    assert len(line.store.epochs) == before


def test_what_the_outbox_dropped_is_announced_within_a_second(line: Line) -> None:
    line.drain_first()
    line.read(20)
    line.due()
    line.store.file.disk.bound = line.store.file.bytes // 2
    line.read(1)
    line.clock.advance(1)
    announced = [journal.announced(parsed(message)) for message in line.due()]
    (opened,) = [found for found in announced if found is not None]
    assert opened[0].first > 2


def test_the_announcement_is_repeated_on_a_timer(line: Line) -> None:
    line.drain_first()
    heard = 0
    for _ in range(200):
        line.clock.advance(1)
        heard += sum(journal.announced(parsed(m)) is not None for m in line.due())
    assert heard == 3


def test_a_host_that_never_acknowledges_is_served_too(tmp_path: Path) -> None:
    """A plain SCADA host: after a while, sent while connected is stored."""
    line = Line(tmp_path / "s", replace(RULES, unacknowledged_s=300))
    line.read(10)
    line.connect()
    for _ in range(310):
        line.clock.advance(1)
        line.due()
    assert line.store.epochs[-1].waiting == 0
    line.read(1)
    line.due()
    line.store.session.command(
        journal.ack_command([BatchId(line.store.epochs[-1].number, 0)], time_ms=1)
    )
    assert ids(line.due()) == list(range(1, 12)), "a hub that appears later gets it all"
    line.store.close()


# layout "device"


@pytest.fixture
def by_device(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path / "devices", replace(RULES, layout=Layout.DEVICE))
    yield made
    made.store.close()


def test_devices_are_born_after_the_node_and_before_their_data(by_device: Line) -> None:
    """payloads-dbirth-order, payloads-ddata-order, topics-dbirth-metrics, payloads-ddata-seq"""
    by_device.read(1, device="meter-1")
    by_device.read(1, device="cabinet-1", metric="air_temperature_c")
    messages = [*by_device.connect(), *by_device.due()]
    assert [str(parse_topic(m.topic)).split("/", 2)[2] for m in messages] == [
        "NBIRTH/store-1",
        "DBIRTH/store-1/meter-1",
        "DBIRTH/store-1/cabinet-1",
        "DDATA/store-1/meter-1",
        "DDATA/store-1/cabinet-1",
    ]
    assert [parsed(message).seq for message in messages] == [0, 1, 2, 3, 4]
    births = {m.name: m.alias for message in messages[1:3] for m in parsed(message).metrics}
    assert births == {"power_w": 1, "air_temperature_c": 2}
    assert ids(messages) == [1, 2]


def test_a_lost_device_dies_and_is_born_again(by_device: Line) -> None:
    """operational-behavior-device-ddeath, payloads-ddeath-seq-inc"""
    by_device.read(1)
    by_device.connect()
    by_device.due()
    at = by_device.clock.utc()
    by_device.store.take([Reading("meter-1", "online", 0.0, at)])
    by_device.store.tick()
    lost = by_device.due()
    assert kind(lost[-1]) is MessageType.DDEATH
    by_device.clock.advance(1)
    at = by_device.clock.utc()
    by_device.store.take([Reading("meter-1", "online", 1.0, at)])
    by_device.store.tick()
    assert [kind(message) for message in by_device.due()] == [
        MessageType.DBIRTH,
        MessageType.DDATA,
    ]


def test_who_has_nothing_to_do_sleeps(line: Line) -> None:
    """The sender is asked again at `next_s`: a time that has passed would keep a core busy."""
    session = line.store.session
    assert session.next_s() > line.clock.monotonic_s() + 1e9
    line.drain_first()
    line.due()
    line.clock.advance(20)
    line.due()
    assert session.next_s() > line.clock.monotonic_s() + 10
    session.disconnected()
    line.read(1)
    assert session.next_s() > line.clock.monotonic_s() + 1e9
