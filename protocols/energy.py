"""Mean power of each quarter of an hour from a meter's running total, as tariffs count it; pure."""

from dataclasses import dataclass, field

QUARTER_S = 900
MOST_GAP_S = 120.0  # two readings so far apart still tell what the meter showed between them
_HOURS = QUARTER_S / 3600


@dataclass(frozen=True, slots=True)
class Quarter:
    """`end_s` in seconds since 1970; quarters of every time zone begin at the same instants."""

    end_s: int
    mean_kw: float


@dataclass(frozen=True, slots=True)
class _Shown:
    at_s: float
    kwh: float


@dataclass(slots=True)
class Demand:
    """Takes readings in their order. A quarter is told only if the meter was read about its
    beginning and its end: one that was missed is not zero, and a meter that was changed or reset
    begins anew."""

    most_gap_s: float = MOST_GAP_S
    _last: _Shown | None = field(default=None, init=False)
    _edge: _Shown | None = field(default=None, init=False)

    def take(self, kwh: float, at_s: float) -> Quarter | None:
        """The quarter that has ended since the last reading."""
        before, now = self._last, _Shown(at_s, kwh)
        if before is not None and at_s <= before.at_s:
            return None
        self._last = now
        if before is None or kwh < before.kwh or at_s - before.at_s > self.most_gap_s:
            self._edge = None
            return None
        end_s = int(at_s // QUARTER_S) * QUARTER_S
        if (end_s <= before.at_s and self._edge is not None) or end_s < before.at_s:
            return None
        begun, self._edge = self._edge, _Shown(end_s, _between(before, now, end_s))
        if begun is None or end_s - begun.at_s != QUARTER_S:
            return None
        return Quarter(end_s, (self._edge.kwh - begun.kwh) / _HOURS)


def _between(before: _Shown, after: _Shown, at_s: float) -> float:
    share = (at_s - before.at_s) / (after.at_s - before.at_s)
    return before.kwh + share * (after.kwh - before.kwh)
