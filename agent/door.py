"""What a door counter's people mean for the store: staff left out, its known error made good."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from protocols.reading import Reading

_STAFF = {"in_count": "staff_in_count", "out_count": "staff_out_count"}
STAFF_METRICS = tuple(_STAFF.values())


@dataclass(frozen=True, slots=True)
class StaffHours:
    """Local minutes of the day, start included; whoever passes then works here."""

    start: int
    end: int

    def __contains__(self, minute: int) -> bool:
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end  # over midnight


@dataclass(frozen=True, slots=True)
class DoorRules:
    """`factor` people stand for each one counted: what a count by hand beside it has shown."""

    zone: tzinfo
    factor: float = 1.0
    staff_hours: tuple[StaffHours, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """What comes beside the counter's own metrics."""
        return STAFF_METRICS if self.staff_hours else ()


class Door:
    """Corrects the counts of one door. Nobody is lost to rounding: the rest goes to the next."""

    def __init__(self, rules: DoorRules) -> None:
        self._rules = rules
        self._rest: dict[str, float] = {}

    def corrected(self, readings: Iterable[Reading]) -> list[Reading]:
        return [self._corrected(r) if r.metric in _STAFF else r for r in readings]

    def _corrected(self, reading: Reading) -> Reading:
        if not isinstance(reading.value, int | float):
            return reading
        metric = _STAFF[reading.metric] if self._is_staff(reading) else reading.metric
        people = reading.value * self._rules.factor + self._rest.get(metric, 0.0)
        whole = float(int(people + 1e-9))
        self._rest[metric] = people - whole
        return Reading(reading.device, metric, whole, reading.time, reading.quality)

    def _is_staff(self, reading: Reading) -> bool:
        local = reading.time.astimezone(self._rules.zone)
        minute = local.hour * 60 + local.minute
        return any(minute in hours for hours in self._rules.staff_hours)


def staff_hours(texts: Sequence[str]) -> tuple[StaffHours, ...]:
    """`22:00-08:30` → those minutes; ValueError where it is none."""
    return tuple(_hours(text) for text in texts)


def _hours(text: str) -> StaffHours:
    try:
        start, end = (_minute(part) for part in text.split("-"))
    except ValueError as error:
        raise ValueError(f"{text!r} is no span of the day: write '22:00-08:30'") from error
    return StaffHours(start, end)


def _minute(text: str) -> int:
    hours, minutes = map(int, text.strip().split(":"))
    if not (0 <= hours < 24 and 0 <= minutes < 60):
        raise ValueError(text)
    return hours * 60 + minutes
