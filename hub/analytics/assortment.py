"""What each article brings: margin, its share of the sales (ABC) and how evenly it sells (XYZ).

A is the first 80 % of the revenue, B the next 15 %, C the rest. X sells evenly from day to day
(deviation below half of the mean), Y less so (below the mean), Z now and then. Margin is revenue
less what the ledger says the goods cost; an article that moves no stock has none (ANA-03, SAL-01).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt

from sqlalchemy import func, select

from hub.analytics.sellers import Seller, sellers
from hub.analytics.stores import StoreClock
from hub.analytics.tables import SalesDayItem, TicketLineRow, TicketRow
from hub.archive.stock.models import MovementKind, StockMovement
from hub.kit.db import ScopedSession

A_SHARE, B_SHARE = 0.80, 0.95
X_MOST, Y_MOST = 0.5, 1.0


@dataclass(frozen=True, slots=True)
class Article:
    """One seller with its class, such as `A` and `X`; `cost_cents` None where none is known."""

    seller: Seller
    cost_cents: int | None
    abc: str
    xyz: str

    @property
    def margin_cents(self) -> int | None:
        return None if self.cost_cents is None else self.seller.revenue_cents - self.cost_cents

    @property
    def margin(self) -> float | None:
        revenue, margin = self.seller.revenue_cents, self.margin_cents
        return margin / revenue if margin is not None and revenue > 0 else None


def articles(session: ScopedSession, clock: StoreClock, first: date, last: date) -> list[Article]:
    """Everything sold in these days, the most revenue first."""
    found = [one for one in sellers(session, clock, first, last) if one.quantity_milli]
    costs = _costs(session, clock, first, last)
    evenness = _evenness(session, clock, first, last)
    classes = _abc(found)
    return [
        Article(one, costs.get(one.code), classes[n], evenness.get(one.code, "Z"))
        for n, one in enumerate(found)
    ]


def _abc(found: Sequence[Seller]) -> list[str]:
    """By the revenue of all before it: the first is always A."""
    whole = sum(max(0, one.revenue_cents) for one in found)
    classes, before = [], 0
    for one in found:
        share = before / whole if whole else 1.0
        classes.append("A" if share < A_SHARE else "B" if share < B_SHARE else "C")
        before += max(0, one.revenue_cents)
    return classes


def _costs(session: ScopedSession, clock: StoreClock, first: date, last: date) -> Mapping[str, int]:
    """What the goods of each code cost when they were sold, less what came back."""
    line, head, moved = TicketLineRow, TicketRow, StockMovement
    code = func.coalesce(func.nullif(line.code, ""), line.name)
    wanted = (
        select(code, func.sum(-moved.value_minor))
        .select_from(line)
        .join(head, head.id == line.ticket_id)
        .join(moved, (moved.document_id == line.ticket_id) & (moved.line == line.line))
        .where(
            head.store_id == clock.store_id,
            head.business_day.between(first, last),
            head.currency == clock.currency,
            head.is_repeat.is_(False),
            moved.kind.in_([MovementKind.SALE.value, MovementKind.RETURN.value]),
        )
        .group_by(code)
    )
    return {key: int(cost) for key, cost in session.execute(wanted)}


def _evenness(
    session: ScopedSession, clock: StoreClock, first: date, last: date
) -> Mapping[str, str]:
    """From the quantities of each day, days without a sale included."""
    one, days = SalesDayItem, (last - first).days + 1
    wanted = select(
        one.code,
        func.sum(one.quantity_milli),
        func.sum(one.quantity_milli * 1.0 * one.quantity_milli),
    ).where(
        one.store_id == clock.store_id,
        one.business_day.between(first, last),
        one.currency == clock.currency,
    )
    found = {}
    for code, total, squares in session.execute(wanted.group_by(one.code)):
        mean = int(total) / days
        if mean > 0:
            spread = sqrt(max(0.0, float(squares) / days - mean * mean)) / mean
            found[code] = "X" if spread < X_MOST else "Y" if spread < Y_MOST else "Z"
    return found
