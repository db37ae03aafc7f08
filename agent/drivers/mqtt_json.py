"""Driver of devices that publish JSON to a broker in the store: topic and JSON paths."""

import asyncio
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from agent.drivers.base import Now, Outlet
from protocols.errors import FrameError
from protocols.footfall.codec import EventFilter
from protocols.mqtt.client import Message
from protocols.reading import Reading

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_WORDS = {"on": 1.0, "true": 1.0, "open": 1.0, "off": 0.0, "false": 0.0, "closed": 0.0}


class Lost(Exception):  # noqa: N818 an event, not a fault of the device
    """The broker was lost; devices speak again when it is back."""


class Inbox(Protocol):
    """Messages of one device; raises `Lost` once each time the broker goes."""

    async def get(self) -> Message: ...


class Station(Protocol):
    """What the driver needs of `agent.drivers.mqtt_station.MqttStation`."""

    def inbox(self, *topics: str) -> Inbox: ...


@dataclass(frozen=True, slots=True)
class Topics:
    """Where the values stand; see `agent.settings.MqttDevice`."""

    topic: str
    paths: Mapping[str, str]
    event_id: str = ""
    status_topic: str = ""
    offline: str = "offline"
    silent_s: float | None = None


class MqttJsonDriver:
    """Listens to one device; implements `PushDriver`."""

    def __init__(self, device: str, station: Station, mapping: Topics, *, now: Now) -> None:
        self.device = device
        self.metrics = tuple(mapping.paths)
        self._mapping = mapping
        self._paths = {metric: json_path(path) for metric, path in mapping.paths.items()}
        self._event_id = json_path(mapping.event_id) if mapping.event_id else None
        self._events = EventFilter()
        self._now = now
        self._inbox = station.inbox(*filter(None, (mapping.topic, mapping.status_topic)))

    async def listen(self, outlet: Outlet) -> None:
        while True:
            try:
                async with asyncio.timeout(self._mapping.silent_s):
                    message = await self._inbox.get()
            except TimeoutError:
                outlet.down(f"it has said nothing for {self._mapping.silent_s:g} s")
            except Lost as lost:
                outlet.down(str(lost))
            else:
                self._take(message, outlet)

    def _take(self, message: Message, outlet: Outlet) -> None:
        if message.topic == self._mapping.status_topic:
            self._status(message.payload, outlet)
            return
        if message.retain:  # said before we came: old news, and an event that was counted
            return
        try:
            outlet.emit(self.readings(message))
        except FrameError as error:
            outlet.down(str(error))

    def _status(self, payload: bytes, outlet: Outlet) -> None:
        if payload.decode("utf-8", "replace").strip() == self._mapping.offline:
            outlet.down(f"it or its broker said {self._mapping.offline!r}")
        else:
            outlet.up()

    def readings(self, message: Message) -> list[Reading]:
        """What one message says, nothing where it is a repeat; raise FrameError."""
        now = self._now()
        try:
            document = json.loads(message.payload)
        except (ValueError, RecursionError) as error:
            start = message.payload[:40]
            raise FrameError(f"The payload on {message.topic} is no JSON: {start!r}.") from error
        if self._event_id and not self._events.is_new(str(_at(document, self._event_id))):
            return []
        return [
            Reading(self.device, metric, _number(_at(document, path), metric), now)
            for metric, path in self._paths.items()
        ]


Path = tuple[str | int, ...]


def json_path(text: str) -> Path:
    """`data.values[0].temp` → ("data", "values", 0, "temp"); ValueError where it is none."""
    path = tuple(int(index) if index else key for key, index in _STEP.findall(text))
    written = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    if not path or written.removeprefix(".") != text:
        raise ValueError(f"{text!r} is no JSON path: write one such as 'data.values[0].temp'")
    return path


def _at(document: Any, path: Path) -> Any:
    here = document
    for part in path:
        try:
            here = here[part]
        except (LookupError, TypeError) as error:
            raise FrameError(f"The payload has no {'.'.join(map(str, path))}.") from error
    return here


def _number(value: object, metric: str) -> float:
    if isinstance(value, str):
        value = _WORDS.get(value.strip().lower(), value)
    try:
        number = float(value)  # type: ignore[arg-type]  # what is no number is refused below
    except (TypeError, ValueError, OverflowError) as error:
        raise FrameError(f"{value!r} is no number for {metric}.") from error
    if not math.isfinite(number):
        raise FrameError(f"{value!r} is no number for {metric}.")
    return number
