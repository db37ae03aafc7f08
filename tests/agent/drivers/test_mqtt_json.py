"""EDG-04, EDG-05: topic and JSON paths become readings; the last will marks a device offline."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from agent.drivers.mqtt_json import Lost, MqttJsonDriver, Topics, json_path
from agent.drivers.mqtt_station import MOST_WAITING, QueueInbox, matches
from protocols.errors import FrameError
from protocols.mqtt.client import Message
from protocols.reading import Reading

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TOPICS = Topics(
    "doors/2/counts",
    {"in_count": "line[0].in", "out_count": "line[0].out"},
    event_id="id",
    status_topic="doors/2/status",
)


class FakeStation:
    def __init__(self, items: Sequence[Message | Lost]) -> None:
        self._items = items

    def inbox(self, *topics: str) -> QueueInbox:
        box = QueueInbox(topics)
        for item in self._items:
            box.put(item)
        return box


class FakeOutlet:
    def __init__(self) -> None:
        self.said: list[str] = []

    def up(self) -> None:
        self.said.append("up")

    def down(self, why: str) -> None:
        self.said.append(f"down: {why}")

    def emit(self, readings: Sequence[Reading]) -> None:
        assert {reading.time for reading in readings} <= {NOON}
        self.said.append(" ".join(f"{r.metric}={r.value}" for r in readings))


def count(event_id: str, came: object, left: object = 0, *, retain: bool = False) -> Message:
    payload = json.dumps({"id": event_id, "line": [{"in": came, "out": left}]}).encode()
    return Message("doors/2/counts", payload, 1, retain)


def heard(*items: Message | Lost, topics: Topics = TOPICS) -> list[str]:
    async def test() -> list[str]:
        driver = MqttJsonDriver("door-2", FakeStation(items), topics, now=lambda: NOON)
        outlet = FakeOutlet()
        with suppress(TimeoutError):
            await asyncio.wait_for(driver.listen(outlet), 0.1)
        return outlet.said

    return asyncio.run(test())


def test_counts_are_taken_and_an_event_sent_twice_counts_once() -> None:
    said = heard(count("a", 2), count("b", 0, 3), count("a", 2))
    assert said == ["in_count=2.0 out_count=0.0", "in_count=0.0 out_count=3.0", ""]


def test_a_retained_count_is_old_news() -> None:
    assert heard(count("a", 2, retain=True)) == []


def test_the_last_will_and_a_lost_broker_mark_it_offline() -> None:
    said = heard(
        Message("doors/2/status", b"online", 1, retain=True),
        Message("doors/2/status", b"offline"),
        Lost("The broker mqtt://127.0.0.1:1883 was lost."),
        count("a", 1),
    )
    assert said == [
        "up",
        "down: it or its broker said 'offline'",
        "down: The broker mqtt://127.0.0.1:1883 was lost.",
        "in_count=1.0 out_count=0.0",
    ]


def test_a_device_that_says_nothing_is_gone() -> None:
    topics = Topics("t", {"air_temperature_c": "t"}, silent_s=0.06)
    assert heard(topics=topics) == ["down: it has said nothing for 0.06 s"]


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"{", "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"[" * 20_000, "is no JSON"),
        (b"7", "has no id"),
        (b'{"id": 1}', "has no line.0.in"),
        (b'{"id": 1, "line": [{"in": "many", "out": 0}]}', "'many' is no number for in_count"),
        (b'{"id": 1, "line": [{"in": null, "out": 0}]}', "None is no number"),
        (b'{"id": 1, "line": [{"in": NaN, "out": 0}]}', "nan is no number"),
        (b'{"id": 1, "line": [{"in": 1e999, "out": 0}]}', "inf is no number"),
    ],
)
def test_garbage_turns_the_values_bad(payload: bytes, why: str) -> None:
    (said,) = heard(Message("doors/2/counts", payload))
    assert said.startswith("down: ")
    assert why in said


def test_words_of_contacts_are_numbers() -> None:
    topics = Topics("door", {"door_open": "contact"})
    said = heard(
        Message("door", b'{"contact": "OPEN"}'),
        Message("door", b'{"contact": false}'),
        topics=topics,
    )
    assert said == ["door_open=1.0", "door_open=0.0"]


def test_json_paths() -> None:
    assert json_path("data.values[0].temp") == ("data", "values", 0, "temp")
    assert json_path("[2]") == (2,)
    for wrong in ("", "a..b", "a[x]", ".a", "a."):
        with pytest.raises(ValueError, match="is no JSON path"):
            json_path(wrong)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/+/c", "a/x/c", True),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a", False),
        ("+/b", "a/c", False),
    ],
)
def test_topic_filters(topic_filter: str, topic: str, expected: bool) -> None:
    assert matches(topic_filter, topic) is expected


def test_a_flood_drops_the_oldest_and_counts_them() -> None:
    async def test() -> None:
        box = QueueInbox(("t",))
        for number in range(MOST_WAITING + 5):
            box.put(Message("t", str(number).encode()))
        assert box.dropped == 5
        assert (await box.get()).payload == b"5"

    asyncio.run(test())


def test_readings_of_one_message_say_what_is_wrong() -> None:
    async def test() -> None:
        driver = MqttJsonDriver("door-2", FakeStation([]), TOPICS, now=lambda: NOON)
        with pytest.raises(FrameError, match="doors/2/counts is no JSON"):
            driver.readings(Message("doors/2/counts", b"no"))

    asyncio.run(test())
