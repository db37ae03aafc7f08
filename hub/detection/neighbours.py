"""A count against the same quarter of an hour of the weeks before: how far is the nearest like it?

A profile says what is usual, but a shop may have two usual ways. So a count is compared with its
nearest neighbours among the same slots of up to 24 weeks; that needs 12 weeks to begin with.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MIN_WEEKS = 12
NEAREST = 3
SIDE = 7  # slots to either side that tell how wide counts spread about now
_ECHO = 0.1  # of what the slot before was off: an event seldom ends with its quarter of an hour
_FROM_MEDIAN = 0.1
_FROM_SMOOTH = 0.15
_SPREAD_POWER = 0.5  # busy slots vary more, and a person there is surprised by less
_TOO_FEW = 1.25  # fewer than ever says more than more than ever
_DAY = 96  # counts before a strange one is taken for less than it is
_OPEN = 0.2  # of its average count: from here on a slot says how strange counts look
_MEMORY = 2688  # slots, four weeks, of how strange things usually look
ALARM = 5.0  # times the usual strangeness

Floats = NDArray[np.float64]


def same_slots(slot: int, week: int, weeks: int) -> NDArray[np.int64]:
    """The slots that a slot is compared with, (weeks, 2 * SIDE + 1), for `week` slots a week."""
    nth = np.arange(1, weeks + 1, dtype=np.int64)[:, None]
    return slot - week * nth + np.arange(-SIDE, SIDE + 1, dtype=np.int64)


def strangeness(value: float, echo: float, past: Floats) -> tuple[float, float]:
    """How strange a count is, in people, and how far it lies off its median.

    `past` are counts (weeks, 2 * SIDE + 1), this slot in the middle, NaN where nothing could be
    counted; `echo` is how far the slot before was off.
    """
    here = past[:, SIDE]
    here = here[~np.isnan(here)]
    if len(here) < MIN_WEEKS:
        return float("nan"), 0.0
    median = float(np.median(here))
    about = float(np.nanmedian(past[:, SIDE - 1 : SIDE + 2], axis=0).mean())
    seen = value + _ECHO * echo
    near = float(np.sort(np.abs(here - seen))[:NEAREST].mean())
    far = near + _FROM_MEDIAN * abs(seen - median) + _FROM_SMOOTH * abs(value - about)
    found = far / (_spread(past) + 5.0) ** _SPREAD_POWER
    return found * (_TOO_FEW if value < median else 1.0), value - median


def _spread(past: Floats) -> float:
    """The width that holds the middle three fifths of the counts of a slot, about here."""
    if np.isnan(past).any():
        low, high = np.nanquantile(past, (0.2, 0.8), axis=0)
    else:
        ordered = np.sort(past, axis=0)
        low, high = (ordered[round(share * (len(past) - 1))] for share in (0.2, 0.8))
    return float(np.mean(high - low))


@dataclass(slots=True)
class Usual:
    """How strange the counts of one counter usually look while people are about."""

    mean: float = 0.0
    seen: int = 0
    level: float = 0.0  # of the counts themselves, day and night

    def ratio(self, strange: float, median: float) -> float:
        """This count against those before it, which it then joins; `median` is its slot's own."""
        self.level += (median - self.level) / (self.seen + 1 if self.seen < _DAY else _MEMORY)
        found = strange / max(self.mean, 1e-9) if self.mean else 1.0
        if median > _OPEN * self.level:
            self.seen += 1
            most = strange if self.seen < _DAY else min(strange, ALARM * self.mean)
            self.mean += (most - self.mean) / min(self.seen, _MEMORY)
        return found
