"""What machines cost and how often they fail, from their orders (STO-08, STO-11).

Downtime is from the first sign (the alert's beginning) to the repair. MTBF is running time between
repairs, MTTR the mean downtime of a repair.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.maintenance.models import OrderKind, OrderStatus, WorkOrder

REPLACE_AT = 0.5  # of the price of a new one, spent on repairs in the span


@dataclass(frozen=True, slots=True)
class Reliability:
    """One machine over a span of time; without a repair MTBF and MTTR are None."""

    repairs: int
    downtime: timedelta
    cost_minor: int
    mtbf: timedelta | None
    mttr: timedelta | None
    availability: float

    def should_replace(self, price_minor: int | None) -> bool:
        """Whether repairs in the span cost more than half a new one."""
        return bool(price_minor) and self.cost_minor > REPLACE_AT * (price_minor or 0)


def reliability(orders: Sequence[WorkOrder], start: datetime, end: datetime) -> Reliability:
    """Figures of one machine between two instants; repairs that overlap count their time once."""
    repairs = [
        one
        for one in orders
        if one.kind == OrderKind.REPAIR
        and one.status != OrderStatus.CANCELLED
        and one.down_since < end
        and (one.done_at or end) > start
    ]
    down = _union([(max(one.down_since, start), min(one.done_at or end, end)) for one in repairs])
    span = end - start
    number = len(repairs)
    return Reliability(
        repairs=number,
        downtime=down,
        cost_minor=sum(one.cost_minor for one in orders if start <= one.created_at < end),
        mtbf=(span - down) / number if number else None,
        mttr=down / number if number else None,
        availability=1 - down / span if span else 1.0,
    )


def _union(spans: Sequence[tuple[datetime, datetime]]) -> timedelta:
    total, reached = timedelta(), None
    for start, end in sorted(spans):
        begin = start if reached is None else max(start, reached)
        if end > begin:
            total += end - begin
        reached = end if reached is None else max(reached, end)
    return total
