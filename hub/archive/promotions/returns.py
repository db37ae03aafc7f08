"""A return takes back what was stored with the sale; prices are never worked out again (SAL-05)."""

from dataclasses import dataclass

from hub.errors import ConflictError, T
from hub.kit.rounding import half_up


@dataclass(frozen=True, slots=True)
class Sold:
    """A line as it was sold, and what came back of it before. Savings by rule, minor units."""

    quantity_milli: int
    gross_minor: int
    savings_minor: dict[str, int]
    returned_milli: int = 0


@dataclass(frozen=True, slots=True)
class Refund:
    """What goes back to the customer: gross less the share of each saving."""

    gross_minor: int
    savings_minor: dict[str, int]

    @property
    def net_minor(self) -> int:
        return self.gross_minor - sum(self.savings_minor.values())


def refund(sold: Sold, quantity_milli: int) -> Refund:
    """For so much of a line; ConflictError when that is more than is left of it.

    Each amount is what is due for all returned so far, less what was paid back before: whatever
    the parts, together they are exactly what was sold.
    """
    left = sold.quantity_milli - sold.returned_milli
    if not 0 < quantity_milli <= left:
        raise ConflictError(
            T(
                f"这一行还能退 {left / 1000:g}，不能退 {quantity_milli / 1000:g}。",
                f"Of this line {left / 1000:g} can come back, not {quantity_milli / 1000:g}.",
            )
        )
    return Refund(
        _part(sold.gross_minor, sold, quantity_milli),
        {rule: _part(saved, sold, quantity_milli) for rule, saved in sold.savings_minor.items()},
    )


def _part(amount: int, sold: Sold, quantity_milli: int) -> int:
    before = half_up(amount * sold.returned_milli, sold.quantity_milli)
    after = half_up(amount * (sold.returned_milli + quantity_milli), sold.quantity_milli)
    return after - before
