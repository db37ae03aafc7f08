"""Driver of devices that send a maker's payload to the store, over MQTT, LoRaWAN or HTTP."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from agent.drivers.base import Now, Outlet
from agent.drivers.counting import COUNTS, TotalStore
from agent.drivers.mqtt_json import Inbox, Lost
from protocols.errors import FrameError
from protocols.footfall.codec import EventFilter, Total, step
from protocols.metrics import METRICS, Kind
from protocols.mqtt.client import Message
from protocols.payloads.decoders import Decoder, Incoming
from protocols.payloads.values import Counting, PayloadValue
from protocols.reading import Reading

_MODULUS = 2**32
_EVENTS = frozenset(name for name, metric in METRICS.items() if metric.kind is Kind.EVENT)


@dataclass(frozen=True, slots=True)
class PayloadRules:
    """`part` is the line or region that is this device; "" is all of it, its people added up."""

    zone: tzinfo
    counting: Counting = Counting.TOTALS
    part: str = ""
    silent_s: float | None = None


class PayloadDriver:
    """Listens to one device; implements `PushDriver`.

    Running totals become people per interval as those of a polled counter do; what was sent late is
    dated by the device; an event that comes twice counts once.
    """

    def __init__(
        self,
        device: str,
        inbox: Inbox,
        decoder: Decoder,
        rules: PayloadRules,
        *,
        now: Now,
        totals: TotalStore,
    ) -> None:
        self.device = device
        self.metrics = decoder.metrics
        self._inbox, self._decoder, self._rules = inbox, decoder, rules
        self._now, self._totals = now, totals
        self._events = EventFilter()

    async def listen(self, outlet: Outlet) -> None:
        while True:
            try:
                async with asyncio.timeout(self._rules.silent_s):
                    message = await self._inbox.get()
            except TimeoutError:
                outlet.down(f"it has said nothing for {self._rules.silent_s:g} s")
            except Lost as lost:
                outlet.down(str(lost))
            else:
                if not message.retain:  # said before we came
                    self._take(message, outlet)

    def _take(self, message: Message, outlet: Outlet) -> None:
        try:
            values = self._decode(message)
        except FrameError as error:
            outlet.down(str(error))
            return
        will = [value for value in values if value.metric == "online"]
        if any(value.value == 0 for value in will):
            outlet.down("it or its broker said that it is offline")
        elif will:
            outlet.up()
        if len(will) < len(values):
            outlet.emit(self.readings(value for value in values if value.metric != "online"))

    def _decode(self, message: Message) -> tuple[PayloadValue, ...]:
        rules = self._rules
        said = Incoming(message.payload, message.topic, rules.zone, rules.counting)
        return self._decoder.decode(said)

    def readings(self, values: Iterable[PayloadValue]) -> list[Reading]:
        """In the order of their time."""
        now, found, people = self._now(), list[Reading](), dict[str, float]()
        for value in self._own(list(values)):
            if value.is_historical:
                found.append(Reading(self.device, value.metric, value.value, value.at or now))
            elif value.metric in _EVENTS:
                people[value.metric] = people.get(value.metric, 0.0) + value.value
            else:
                if value.metric in COUNTS:
                    count = COUNTS[value.metric]
                    people[count] = people.get(count, 0.0) + self._passed(value, now)
                if value.part == self._rules.part:
                    found.append(Reading(self.device, value.metric, value.value, now))
        found += [Reading(self.device, metric, count, now) for metric, count in people.items()]
        return sorted(found, key=lambda reading: reading.time)

    def _own(self, values: Sequence[PayloadValue]) -> Iterator[PayloadValue]:
        """Of this part, once; where the whole is told, its parts are the same people again."""
        part, whole = self._rules.part, {value.metric for value in values if not value.part}
        for value in values:
            is_own = value.part == part if part else not value.part or value.metric not in whole
            if is_own and (not value.event_id or self._events.is_new(value.event_id)):
                yield value

    def _passed(self, value: PayloadValue, now: datetime) -> float:
        """People since the total before; what was sent late is in the next total again."""
        name = f"{value.part}/{value.metric}" if value.part else value.metric
        total = Total(int(value.value), now.timestamp())
        before = self._totals.get(self.device, name)
        self._totals.put(self.device, {name: total})
        return float(step(before, total, _MODULUS).count)
