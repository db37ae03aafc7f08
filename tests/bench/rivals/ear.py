"""Hears what an edge agent publishes; counts what is missing, doubled or wrongly dated."""

import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

_MODULUS = 0x8000
_ACK_S = 0.1


class Cycle(NamedTuple):
    """One round of one device as it came: registers 0 and 1 of the plant, and the stamp."""

    device: str
    read: int
    answered: int | None  # units of 10 µs
    stamp_ms: float | None


class Heard(NamedTuple):
    """`values` in a message, and those cycles of which register 0 was among them."""

    values: int
    cycles: list[Cycle]


Decode = Callable[[str, bytes], Heard | None]
Answer = tuple[str, bytes]


@dataclass(slots=True)
class Tally:
    """What came since `begun_s`."""

    begun_s: float = field(default_factory=time.monotonic)
    values: int = 0
    messages: int = 0
    cycles: int = 0
    doubled: int = 0
    errors_ms: list[float] = field(default_factory=list)
    holes: dict[str, set[int]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.values / (time.monotonic() - self.begun_s)

    @property
    def lost(self) -> int:
        """Cycles that the device answered and that never came."""
        return sum(map(len, self.holes.values()))

    def error_ms(self, share: float) -> float:
        """A quantile of |stamp - answer|."""
        found = sorted(map(abs, self.errors_ms))
        return found[int(share * len(found))] if found else float("nan")


class Ear:
    """A subscriber, as a context manager; `answers` is what a host says from time to time."""

    def __init__(
        self,
        port: int,
        topic: str,
        decode: Decode,
        answers: Callable[[], Iterable[Answer]] = tuple,
        reply: Callable[[str, bytes], Answer | None] = lambda _topic, _payload: None,
    ) -> None:
        self._port, self._topic, self._decode = port, topic, decode
        self._answers, self._reply = answers, reply
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._last: dict[str, int] = {}
        self._tally = Tally()
        self.heard_s: float | None = None
        self.is_there = False
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_message = self._hear
        self._client.on_connect = self._subscribe

    def __enter__(self) -> Self:
        self._client.connect_async("127.0.0.1", self._port)
        self._client.loop_start()
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._client.loop_stop()

    def begin(self) -> Tally:
        """A new tally that counts from now on."""
        with self._lock:
            self._tally = Tally()
            return self._tally

    def _subscribe(self, client: paho.Client, *_: object) -> None:
        client.subscribe(self._topic)
        self.is_there = True

    def _speak(self) -> None:
        while not self._ended.wait(_ACK_S):
            for topic, payload in self._answers():
                self._client.publish(topic, payload, qos=0)

    def _hear(self, _client: paho.Client, _user: object, message: paho.MQTTMessage) -> None:
        payload = bytes(message.payload)
        if (reply := self._reply(message.topic, payload)) is not None:
            self._client.publish(*reply)
        heard = self._decode(message.topic, payload)
        if heard is None:
            return
        with self._lock:
            if heard.cycles:
                self.heard_s = self.heard_s or time.monotonic()
            self._tally.values += heard.values
            self._tally.messages += 1
            for cycle in heard.cycles:
                self._take(cycle)

    def _take(self, cycle: Cycle) -> None:
        tally, last = self._tally, self._last.get(cycle.device)
        tally.cycles += 1
        if cycle.answered is not None and cycle.stamp_ms is not None:
            tally.errors_ms.append(_apart(int(cycle.stamp_ms * 100), cycle.answered) / 100)
        if last is None:
            self._last[cycle.device] = cycle.read
            return
        ahead = _apart(cycle.read, last)
        holes = tally.holes.setdefault(cycle.device, set())
        if ahead > 0:  # a backlog fills holes later, in whatever order it comes
            holes.update((last + step) % _MODULUS for step in range(1, ahead))
            self._last[cycle.device] = cycle.read
        elif cycle.read in holes:
            holes.remove(cycle.read)
        else:
            tally.doubled += 1


def _apart(later: int, sooner: int) -> int:
    """The difference of two numbers that wrap."""
    ahead = (later - sooner) % _MODULUS
    return ahead - _MODULUS if ahead >= _MODULUS // 2 else ahead


def number_of(device: str) -> str:
    """`unit-7` of whatever a name is made of."""
    found = re.search(r"unit-\d+", device)
    return found.group() if found else device
