"""Listens to a broker in the store: which topics are there, and which numbers are in them."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from protocols.mqtt.client import Hooks, Message, MqttClient, on_loop
from protocols.mqtt.options import MqttOptions

MOST_TOPICS = 300
MOST_BYTES = 16_000
MOST_PATHS = 40


class NoBrokerError(Exception):
    """The broker could not be asked; the message says what to do."""


@dataclass(slots=True)
class Topic:
    """`numbers` are paths in the JSON payload, as `values` of agent.toml names them."""

    name: str
    count: int = 0
    sample: str = ""
    numbers: dict[str, float] = field(default_factory=dict)


async def listen(options: MqttOptions, seconds: float) -> list[Topic]:
    """What comes within `seconds`, retained messages too. Raises NoBrokerError."""
    topics: dict[str, Topic] = {}

    def hear(message: Message) -> None:
        if message.topic not in topics and len(topics) >= MOST_TOPICS:
            return
        topic = topics.setdefault(message.topic, Topic(message.topic))
        topic.count += 1
        if len(message.payload) <= MOST_BYTES:
            topic.sample = message.payload.decode("utf-8", "replace")[:200]
            topic.numbers = dict(_numbers(message.payload))

    client = MqttClient(options, Hooks(on_message=on_loop(hear)), [("#", 0)])
    task = asyncio.create_task(client.run(), name="topics")
    try:
        await asyncio.sleep(seconds)
    finally:
        trouble = "" if client.is_connected else client.trouble or "no answer"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    if trouble and not topics:
        raise NoBrokerError(f"{options}: {trouble}.")
    return sorted(topics.values(), key=lambda topic: topic.name)


def _numbers(payload: bytes) -> Iterator[tuple[str, float]]:
    try:
        document = json.loads(payload)
    except ValueError:
        return
    for number, (path, value) in enumerate(_leaves(document, "")):
        if number >= MOST_PATHS:
            return
        yield path, value


def _leaves(node: object, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(node, int | float):  # bool is an int
        yield path, float(node)
    elif isinstance(node, dict):
        for key, inner in node.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for place, inner in enumerate(node[:8]):
            yield from _leaves(inner, f"{path}[{place}]")
