"""Cameras that post and sensors over LoRaWAN become readings, each person once."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.drivers.counting import TotalStore
from agent.drivers.mqtt_station import QueueInbox
from agent.drivers.payload import PayloadDriver, PayloadRules
from protocols.errors import FrameError
from protocols.payloads import lorawan
from protocols.payloads.decoders import DECODERS, Incoming
from protocols.payloads.formats import FORMATS
from protocols.payloads.values import PayloadValue
from protocols.reading import Reading

NOON = datetime(2026, 11, 9, 12, tzinfo=UTC)


class Door:
    """A driver whose messages the test writes."""

    def __init__(self, folder: Path, rules: PayloadRules | None = None) -> None:
        self.now = NOON
        self.driver = PayloadDriver(
            "door-1",
            QueueInbox(("t",)),
            DECODERS["footfallcam"],
            rules or PayloadRules(UTC),
            now=lambda: self.now,
            totals=TotalStore(folder / "counters.json"),
        )

    def says(self, *values: PayloadValue, after_s: float = 60) -> dict[str, float | str | None]:
        self.now += timedelta(seconds=after_s)
        return {r.metric: r.value for r in self.driver.readings(values)}


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_running_totals_become_people_also_over_a_reset(door: Door) -> None:
    assert door.says(PayloadValue("in_total", 100)) == {"in_total": 100, "in_count": 0}
    assert door.says(PayloadValue("in_total", 107)) == {"in_total": 107, "in_count": 7}
    assert door.says(PayloadValue("in_total", 3)) == {"in_total": 3, "in_count": 3}


def test_people_of_the_restart_are_counted(door: Door, tmp_path: Path) -> None:
    door.says(PayloadValue("in_total", 100))
    assert Door(tmp_path).says(PayloadValue("in_total", 104), after_s=90)["in_count"] == 4


def test_the_parts_of_a_device_are_added_up_but_not_to_its_whole(door: Door) -> None:
    lines = [PayloadValue("in_count", 2, "line 1"), PayloadValue("in_count", 3, "line 2")]
    assert door.says(*lines) == {"in_count": 5}
    assert door.says(*lines, PayloadValue("in_count", 4)) == {"in_count": 4}


def test_one_part_may_be_a_door_of_its_own(tmp_path: Path) -> None:
    door = Door(tmp_path, PayloadRules(UTC, part="line 2"))
    lines = [PayloadValue("in_count", 2, "line 1"), PayloadValue("in_count", 3, "line 2")]
    assert door.says(*lines) == {"in_count": 3}


def test_an_event_that_comes_twice_counts_once(door: Door) -> None:
    said = PayloadValue("in_count", 2, event_id="a")
    assert door.says(said) == {"in_count": 2}
    assert door.says(said) == {}


def test_what_was_sent_late_is_dated_by_the_device(door: Door) -> None:
    at = NOON - timedelta(hours=3)
    late = PayloadValue("in_count", 2, at=at, is_historical=True, event_id="x")
    (reading,) = door.driver.readings([late])
    assert reading == Reading("door-1", "in_count", 2, at)


def camera(total: int) -> bytes:
    return (
        "<EventNotificationAlert><eventType>PeopleCounting</eventType><peopleCounting>"
        "<statisticalMethods>realTime</statisticalMethods>"
        "<RealTime><time>2026-11-09T12:00:00+00:00</time></RealTime>"
        f"<enter>{total}</enter><exit>1</exit></peopleCounting></EventNotificationAlert>"
    ).encode()


SAID: dict[str, tuple[str, bytes]] = {
    "milesight-vs132": ("t", json.dumps({"data": "0367 1001 0468 71".replace(" ", "")}).encode()),
    "hikvision": ("/h", camera(5)),
    "axis": ("/a", b'{"timestamp": "20261109120000", "in": 3, "out": 2}'),
    "shelly": ("shelly/status/em:0", b'{"total_act_power": 1200.5, "a_voltage": 230.1}'),
    "tasmota": ("tele/x/SENSOR", b'{"ENERGY": {"Power": 12, "Total": 3.4}}'),
    "zigbee2mqtt": ("z/x", b'{"temperature": 4.5, "battery": 90, "contact": false}'),
}


@pytest.mark.parametrize("name", SAID)
def test_a_decoder_gives_only_what_the_birth_has_named(name: str) -> None:
    topic, payload = SAID[name]
    got = DECODERS[name].decode(Incoming(payload, topic))
    assert {value.metric for value in got} <= {*DECODERS[name].metrics, "online"}
    assert got or name == "milesight-vs132"


def test_every_format_but_the_envelope_has_a_decoder() -> None:
    modules = {item.module for item in FORMATS} - {"xovis"}  # the names of its counts are unknown
    known = " ".join(DECODERS)
    spelt: dict[str, str] = {"milesight_json": "milesight-json", "zigbee": "zigbee2mqtt"}
    assert [module for module in modules if spelt.get(module, module) not in known] == []


@pytest.mark.parametrize(
    "wrap",
    [
        lambda frame: {"data": base64.b64encode(frame).decode(), "fPort": 85},
        lambda frame: {"uplink_message": {"frm_payload": base64.b64encode(frame).decode()}},
        lambda frame: {"data": frame.hex()},
    ],
)
def test_a_lorawan_frame_is_found_in_what_the_server_publishes(
    wrap: Callable[[bytes], object],
) -> None:
    frame = bytes.fromhex("0175 64 03 67 10 01".replace(" ", ""))
    assert lorawan.frame(json.dumps(wrap(frame)).encode()) == frame


def test_a_join_is_no_uplink() -> None:
    with pytest.raises(FrameError, match="a join or a status"):
        lorawan.frame(b'{"devAddr": "00"}')
    with pytest.raises(FrameError, match="neither base64 nor hex"):
        lorawan.frame(b'{"data": "*"}')
