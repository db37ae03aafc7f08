"""Downtime, MTBF, MTTR and cost from orders (STO-08, STO-11)."""

from datetime import UTC, datetime, timedelta

from hub.maintenance.figures import reliability
from hub.maintenance.models import OrderKind, OrderStatus, WorkOrder

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=100)
DAY = timedelta(days=1)


def repair(
    began: float, ended: float | None, cost: int = 0, status: OrderStatus = OrderStatus.VERIFIED
) -> WorkOrder:
    done = None if ended is None else START + ended * DAY
    at = START + began * DAY
    kind = OrderKind.REPAIR
    return WorkOrder(
        kind=kind, status=status, down_since=at, created_at=at, done_at=done, cost_minor=cost
    )


def test_two_repairs_of_a_hundred_days() -> None:
    one = reliability([repair(10, 12, 30_000), repair(50, 54, 50_000)], START, END)
    assert (one.repairs, one.downtime, one.cost_minor) == (2, 6 * DAY, 80_000)
    assert (one.mtbf, one.mttr) == (47 * DAY, 3 * DAY)
    assert one.availability == 0.94
    assert one.should_replace(150_000)
    assert not one.should_replace(160_000)
    assert not one.should_replace(None)


def test_what_overlaps_counts_once_and_what_goes_on_counts_until_now() -> None:
    one = reliability([repair(10, 20), repair(12, 15), repair(98, None)], START, END)
    assert (one.repairs, one.downtime) == (3, 12 * DAY)


def test_a_machine_that_never_failed_has_no_mean_time() -> None:
    one = reliability([repair(1, 2, status=OrderStatus.CANCELLED)], START, END)
    assert (one.repairs, one.mtbf, one.mttr, one.availability) == (0, None, None, 1.0)
