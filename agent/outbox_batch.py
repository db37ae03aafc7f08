"""Readings become batches: one batch is one row of the outbox and one message on the wire."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import NamedTuple

from agent.clock import to_ms
from agent.settings import Layout
from protocols.metrics import METRICS
from protocols.reading import Quality, Reading
from protocols.sparkplug.codec import Datatype, Sample, datatype_of, encode_values

DOCUMENTS = frozenset(name for name in METRICS if datatype_of(name) is Datatype.STRING)
EQUAL_STAMP_MS = 1000  # a stamp this little behind the last one of its series is moved after it


class Channel(NamedTuple):
    """One metric of one device with its permanent alias."""

    alias: int
    device: str
    metric: str
    datatype: Datatype

    @classmethod
    def of(cls, alias: int, device: str, metric: str) -> "Channel":
        return cls(alias, device, metric, datatype_of(metric))


@dataclass(frozen=True, slots=True)
class Batch:
    """`metrics` are the encoded values; `device` is None in the layout "node"."""

    device: str | None
    values: int
    metrics: bytes


@dataclass(slots=True)
class _Open:
    since_s: float
    samples: list[Sample] = field(default_factory=list)
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Batching:
    """When a batch is complete, unless something urgent sends it at once."""

    layout: Layout = Layout.NODE
    max_values: int = 200
    max_age_s: float = 2.0
    most_values: int = 1000  # a full batch takes the rest of its round of polls along


class Batcher:
    """Collects readings, gives each its stamp and alias, and says which batches are due."""

    def __init__(self, channel: Callable[[str, str], Channel], rules: Batching) -> None:
        self._channel = channel
        self._rules = rules
        self._open: dict[str | None, _Open] = {}
        self._overlap_ms: dict[int, int] = {}
        self.current: dict[int, Sample] = {}

    def add(self, readings: Iterable[Reading], now_s: float, *, is_urgent: bool = False) -> None:
        """The readings of one poll: most have one device and one time, which is looked at once."""
        seen, time_ms, owner, box = None, 0, "", None
        current, channel_of = self.current, self._channel
        for device, metric, value, time, quality in readings:
            if time is not seen:
                seen, time_ms = time, to_ms(time)
            if box is None or device != owner:
                owner, box = device, self._box(device, now_s)
                box.is_urgent |= is_urgent
            alias, _, _, datatype = channel_of(device, metric)
            sample = Sample(alias, datatype, time_ms, value, quality)
            last = current.get(alias)
            if last is None or time_ms <= last.time_ms or alias in self._overlap_ms:
                sample = self._fitted(sample, last)
            box.samples.append(sample)
            current[alias] = sample

    def due(self, now_s: float, *, is_final: bool = False) -> Iterator[Batch]:
        """Batches that are urgent, full or old enough; `is_final` gives all there is."""
        for device, box in list(self._open.items()):
            while len(box.samples) >= self._rules.max_values:
                most = max(self._rules.max_values, self._rules.most_values)
                yield _encoded(device, box.samples[:most])
                del box.samples[:most]
            if is_final or box.is_urgent or now_s - box.since_s >= self._rules.max_age_s:
                if box.samples:
                    yield _encoded(device, box.samples)
                del self._open[device]

    def deadline_s(self) -> float | None:
        """When the oldest open batch has to go, on the monotonic clock."""
        begun = min((box.since_s for box in self._open.values()), default=None)
        return None if begun is None else begun + self._rules.max_age_s

    def clock_stepped_back(self) -> None:
        """From now on stamps may lie before those already given: such values are ESTIMATED."""
        for alias, sample in self.current.items():
            self._overlap_ms[alias] = max(sample.time_ms, self._overlap_ms.get(alias, 0))
        self.current = {alias: sample._replace(time_ms=0) for alias, sample in self.current.items()}

    def _box(self, device: str, now_s: float) -> _Open:
        key = device if self._rules.layout is Layout.DEVICE else None
        box = self._open.get(key)
        if box is None:
            box = self._open[key] = _Open(now_s)
        return box

    def _fitted(self, sample: Sample, last: Sample | None) -> Sample:
        """One whose stamp is not simply later than the last of its series."""
        time_ms, quality = sample.time_ms, sample.quality
        if last is not None and last.time_ms - EQUAL_STAMP_MS < time_ms <= last.time_ms:
            time_ms = last.time_ms + 1
        if time_ms <= self._overlap_ms.get(sample.alias, -1) and quality is Quality.GOOD:
            quality = Quality.ESTIMATED
        return sample._replace(time_ms=time_ms, quality=quality)


def history(readings: Iterable[Reading], channel: Callable[[str, str], Channel]) -> Iterator[Batch]:
    """Batches of what happened long ago, in the order given; nothing of it is current."""
    size = Batching().max_values
    samples: list[Sample] = []
    for reading in readings:
        known = channel(reading.device, reading.metric)
        stamp = to_ms(reading.time)
        samples.append(Sample(known.alias, known.datatype, stamp, reading.value, reading.quality))
        if len(samples) == size:
            yield _encoded(None, samples, is_historical=True)
            samples = []
    if samples:
        yield _encoded(None, samples, is_historical=True)


def check(reading: Reading) -> None:
    """Raises ValueError for a reading that could not be sent as its metric's type."""
    value = reading.value
    if type(value) is float and reading.metric not in DOCUMENTS:  # nearly all of them
        is_good = isfinite(value)
    elif value is None:
        is_good = reading.quality in (Quality.BAD, Quality.STALE)
    elif reading.metric in DOCUMENTS:
        is_good = isinstance(value, str)
    else:
        is_good = isinstance(value, float | int) and isfinite(value)
    if not is_good:
        raise ValueError(
            f"{reading.device}/{reading.metric} = {value!r} ({reading.quality.name}) cannot be "
            "kept: gauges, counters and states are finite numbers, documents are text, "
            "and only BAD or STALE readings have no value."
        )


def _encoded(
    device: str | None, samples: Sequence[Sample], *, is_historical: bool = False
) -> Batch:
    return Batch(device, len(samples), encode_values(samples, is_historical=is_historical))
