"""EDG-05: Milesight counters say what the maker's own decoder says, and each person counts once."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from protocols.metrics import METRICS, Kind
from protocols.payloads.milesight import Model, decode, values
from protocols.payloads.values import Counting

VECTORS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("milesight_vectors.json").read_text("utf-8")
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['device']}-{v['hex'][:12]}")
def test_frames_read_as_by_the_maker(vector: dict[str, Any]) -> None:
    uplink = decode(Model(vector["device"]), bytes.fromhex(vector["hex"]))
    got: dict[str, Any] = dict(uplink.fields)
    if uplink.history:
        got["history"] = list(uplink.history)
    assert got == vector["decoded"]


def test_totals_are_taken_and_periods_left_or_the_other_way_round() -> None:
    uplink = decode(Model.VS133, bytes.fromhex("03d20a00000004d20500000005cc02000100"))
    totals = [(v.metric, v.part, v.value) for v in values(uplink)]
    assert totals == [("in_total", "line 1", 10), ("out_total", "line 1", 5)]
    periods = [(v.metric, v.part, v.value) for v in values(uplink, Counting.PERIODS)]
    assert periods == [("in_count", "line 1", 2), ("out_count", "line 1", 1)]


def test_a_count_below_zero_is_not_known() -> None:
    said = values(decode(Model.VS121, bytes.fromhex("05ccffff0000")), Counting.PERIODS)
    assert [(v.metric, v.value) for v in said] == [("out_count", 0)]


def test_history_is_historical_at_its_own_time() -> None:
    uplink = decode(Model.VS350, bytes.fromhex("20ceff3df16401070002001d000800"))
    (people_in, people_out) = values(uplink)
    assert (people_in.metric, people_in.value, people_in.is_historical) == ("in_total", 29, True)
    assert people_out.at == datetime(2023, 9, 1, 1, 27, 27, tzinfo=UTC)


def test_the_same_period_sent_live_and_again_has_the_same_id() -> None:
    live = decode(Model.VS350, bytes.fromhex("0aef7b3af16405cc0b000400"))
    again = decode(Model.VS350, bytes.fromhex("20ce7b3af164000b000400"))
    ids = [[v.event_id for v in values(u, Counting.PERIODS)] for u in (live, again)]
    assert ids[0] == ids[1] == ["in_count//1693530747", "out_count//1693530747"]


def test_a_history_without_a_set_clock_is_left_out() -> None:
    unset = decode(Model.VS350, bytes.fromhex("20ce10000000000b000400"))
    assert unset.history
    assert values(unset, Counting.PERIODS) == ()
    live = decode(Model.VS350, bytes.fromhex("0aef1000000005cc0b000400"))
    assert [(v.at, v.event_id) for v in values(live, Counting.PERIODS)] == [(None, "")] * 2


def test_an_unknown_channel_is_handed_back_unread() -> None:
    uplink = decode(Model.VS132, bytes.fromhex("05cc03000200aabb0102"))
    assert uplink.unread == bytes.fromhex("aabb0102")
    assert uplink.fields == {"periodic_counter_in": 3, "periodic_counter_out": 2}


def test_serial_numbers_of_6_and_8_bytes() -> None:
    six = decode(Model.VS121, bytes.fromhex("ff08661192940001ff09010d"))
    eight = decode(Model.VS121, bytes.fromhex("ff086611929400010203ff0101"))
    assert six.fields["sn"] == "661192940001"
    assert eight.fields == {"sn": "6611929400010203", "protocol_version": 1}


def test_a_blocked_view_is_an_alarm_of_its_node() -> None:
    uplink = decode(Model.VS133, bytes.fromhex("50fc040201"))
    (blocked,) = values(uplink)
    assert (blocked.metric, blocked.part, blocked.value) == ("view_blocked", "node 2", 1)


def test_noise_is_never_an_error_and_speaks_the_vocabulary() -> None:
    rng = random.Random(1)
    heads = [bytes.fromhex(v["hex"]) for v in VECTORS]
    for _ in range(3000):
        payload = rng.choice(heads)[: rng.randrange(12)] + rng.randbytes(rng.randrange(20))
        uplink = decode(rng.choice(list(Model)), payload)
        assert payload.endswith(uplink.unread)
        for value in values(uplink, rng.choice(list(Counting))):
            assert METRICS[value.metric].kind is not Kind.DOCUMENT
            assert value.value >= 0 or value.metric == "internal_temperature_c"
