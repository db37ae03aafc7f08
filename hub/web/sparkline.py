"""A small line of recent values with its limit, as SVG path data on a 120 × 32 field."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 120.0, 32.0, 2.0


@dataclass(frozen=True, slots=True)
class Spark:
    path: str
    limit_y: float | None


def spark(values: Sequence[float], limit: float | None = None) -> Spark | None:
    """NaN is a gap in the line; None where nothing is known. The limit is always in sight."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return None
    low, high = min(known), max(known)
    if limit is not None:
        low, high = min(low, limit), max(high, limit)
    span = (high - low) or 1.0

    def y(value: float) -> float:
        return round(HEIGHT - MARGIN - (value - low) / span * (HEIGHT - 2 * MARGIN), 1)

    step = WIDTH / max(1, len(values) - 1)
    parts: list[str] = []
    pen_is_down = False
    for index, value in enumerate(values):
        if math.isnan(value):
            pen_is_down = False
            continue
        parts.append(f"{'L' if pen_is_down else 'M'}{round(index * step, 1):g} {y(value):g}")
        pen_is_down = True
    return Spark("".join(parts), None if limit is None else y(limit))
